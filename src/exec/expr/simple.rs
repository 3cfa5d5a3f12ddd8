//! Comparisons of simple values, made without a call: neither side is copied, which for text would cost
//! more than comparing it.

use crate::types::Datum;
use std::cmp::Ordering;

/// A comparison whose outcome the values alone decide, of two of one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) enum Simple {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Functions on values that are equal where their forms are: the names of those of `=` and `<>`.
const EQUALITIES: [&str; 5] = ["booleq", "chareq", "nameeq", "texteq", "uuid_eq"];
const INEQUALITIES: [&str; 5] = ["boolne", "charne", "namene", "textne", "uuid_ne"];
/// Types of numbers whose order is that of their forms; the functions are called `int4lt` and so on.
const ORDERED: [&str; 4] = ["int2", "int4", "int8", "oid"];

impl Simple {
    /// What a function compares by, by its name in `pg_proc.prosrc`.
    pub fn of(source: &str) -> Option<Simple> {
        if EQUALITIES.contains(&source) {
            return Some(Simple::Eq);
        }
        if INEQUALITIES.contains(&source) {
            return Some(Simple::Ne);
        }
        let operator = ORDERED.iter().find_map(|of_type| source.strip_prefix(of_type))?;
        Some(match operator {
            "eq" => Simple::Eq,
            "ne" => Simple::Ne,
            "lt" => Simple::Lt,
            "le" => Simple::Le,
            "gt" => Simple::Gt,
            "ge" => Simple::Ge,
            _ => return None,
        })
    }

    /// The outcome; `None`: the values are not of one simple form.
    #[inline]
    pub fn test(self, left: &Datum, right: &Datum) -> Option<Datum> {
        let order = match (left, right) {
            (Datum::Int4(a), Datum::Int4(b)) => a.cmp(b),
            (Datum::Int8(a), Datum::Int8(b)) => a.cmp(b),
            (Datum::Int2(a), Datum::Int2(b)) => a.cmp(b),
            (Datum::Oid(a), Datum::Oid(b)) => a.cmp(b),
            (Datum::Text(a), Datum::Text(b)) => same(a == b),
            (Datum::Char(a), Datum::Char(b)) => same(a == b),
            (Datum::Bool(a), Datum::Bool(b)) => same(a == b),
            (Datum::Uuid(a), Datum::Uuid(b)) => same(a == b),
            (Datum::Null, _) | (_, Datum::Null) => return Some(Datum::Null),
            _ => return None,
        };
        Some(Datum::Bool(match self {
            Simple::Eq => order.is_eq(),
            Simple::Ne => order.is_ne(),
            Simple::Lt => order.is_lt(),
            Simple::Le => order.is_le(),
            Simple::Gt => order.is_gt(),
            Simple::Ge => order.is_ge(),
        }))
    }
}

/// An order for what is only tested for equality.
fn same(same: bool) -> Ordering {
    if same { Ordering::Equal } else { Ordering::Less }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;
    use crate::functions;

    /// Each function that is a simple comparison gives what its implementation gives.
    #[test]
    fn simple_comparisons_are_their_functions() {
        assert_eq!(Simple::of("texteq"), Some(Simple::Eq));
        assert_eq!(Simple::of("int4lt"), Some(Simple::Lt));
        assert_eq!(Simple::of("int4larger"), None);
        let values = |name: &str| match name {
            "bool" => vec![Datum::Bool(false), Datum::Bool(true)],
            "char" => vec![Datum::Char(b'a'), Datum::Char(0xff)],
            "name" | "text" => ["", "a", "A"].map(Datum::text).to_vec(),
            "uuid" => [[0; 16], [255; 16]].map(|bytes| Datum::Uuid(bytes.into())).to_vec(),
            "int2" => [i16::MIN, -1, 0, i16::MAX].map(Datum::Int2).to_vec(),
            "int4" => [i32::MIN, -1, 0, i32::MAX].map(Datum::Int4).to_vec(),
            "int8" => [i64::MIN, -1, 0, i64::MAX].map(Datum::Int8).to_vec(),
            "oid" => [0, 1, u32::MAX].map(Datum::Oid).to_vec(),
            other => panic!("{other}"),
        };
        let mut tested = 0;
        for proc in builtin::procs() {
            let Some(simple) = Simple::of(&proc.src) else { continue };
            let of_type = builtin::type_(proc.arg_types[0]).unwrap();
            for a in values(&of_type.name) {
                for b in values(&of_type.name) {
                    let called = functions::testing::call(&proc.src, &[a.clone(), b.clone()]);
                    assert_eq!(simple.test(&a, &b), called.ok(), "{} {a:?} {b:?}", proc.src);
                    tested += 1;
                }
            }
        }
        assert!(tested > 300, "{tested}");
    }
}
