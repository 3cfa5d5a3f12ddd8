//! Functions of C's math library that Rust computes by formulas of its own: their last digits are
//! those that PostgreSQL shows.

use std::sync::LazyLock;

// SAFETY: the declarations are C's, and the functions have no preconditions.
unsafe extern "C" {
    pub(super) safe fn acosh(x: f64) -> f64;
    pub(super) safe fn asinh(x: f64) -> f64;
    pub(super) safe fn atanh(x: f64) -> f64;
}

type Function = extern "C" fn(f64) -> f64;

/// Looked up at run time: Rust's own runtime has a symbol of this name, which linkers prefer.
static CBRT: LazyLock<Option<Function>> = LazyLock::new(|| {
    // SAFETY: the name ends with a zero byte; any handle is allowed that `dlsym` defines itself.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"cbrt".as_ptr()) };
    // SAFETY: C declares `double cbrt(double)`; a null pointer is `None`.
    unsafe { std::mem::transmute::<*mut libc::c_void, Option<Function>>(found) }
});

pub(super) fn cbrt(x: f64) -> f64 {
    CBRT.map_or_else(|| x.cbrt(), |cbrt| cbrt(x))
}
