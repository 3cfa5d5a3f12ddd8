//! Functions of C's math library that Rust's standard library computes by formulas of its own: their
//! last digits are those that PostgreSQL shows. Naming the library puts it before Rust's stand-ins.

// SAFETY: the declarations are C's, and the functions have no preconditions.
#[link(name = "m")]
unsafe extern "C" {
    pub(super) safe fn acosh(x: f64) -> f64;
    pub(super) safe fn asinh(x: f64) -> f64;
    pub(super) safe fn atanh(x: f64) -> f64;
    pub(super) safe fn cbrt(x: f64) -> f64;
}
