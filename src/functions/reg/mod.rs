//! Object identifier types: `regclass`, `regtype`, `regproc`, … (manual, 8.19).
//!
//! A value is an OID; its text is the object's name as the session would have to write it: quoted
//! where needed, qualified where the search path does not find it. An OID that names nothing prints
//! as a number, 0 as `-`.

mod input;
mod output;
pub(super) mod text_search;
mod type_name;

pub(super) use input::{FUNCTIONS, input, relation};
pub(super) use output::{format_type, output};

use crate::types::{Oid, oids};

/// Whether values of the type are printed and read by this module.
pub(super) fn is_reg(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::REGCLASS
            | oids::REGTYPE
            | oids::REGPROC
            | oids::REGPROCEDURE
            | oids::REGOPER
            | oids::REGOPERATOR
            | oids::REGNAMESPACE
            | oids::REGROLE
            | oids::REGCOLLATION
            | oids::REGDICTIONARY
            | oids::REGCONFIG
    )
}

/// Whether a type is an array over one of these. (Every value's input asks; a search would cost.)
pub(super) fn is_reg_array(type_oid: Oid) -> bool {
    // Over regproc, regprocedure to regtype, regconfig, regdictionary, regnamespace, regrole,
    // regcollation.
    matches!(type_oid, 1008 | 2207..=2211 | 3735 | 3770 | 4090 | 4097 | 4192)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;

    #[test]
    fn arrays_of_names_are_those_over_names() {
        for found in builtin::types().iter().filter(|t| t.is_array) {
            assert_eq!(is_reg_array(found.oid), is_reg(found.element), "{}", found.name);
        }
    }
}
