//! `pg_aggregate`.

use super::HashMap;
use super::data::Reader;
use crate::types::Oid;
use std::sync::LazyLock;

/// A row of pg_aggregate; the aggregate's signature is its pg_proc row.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// Its pg_proc row.
    pub proc: Oid,
    /// `n` normal, `o` ordered-set, `h` hypothetical-set.
    pub kind: u8,
    /// Direct arguments of an ordered-set aggregate.
    pub direct_args: i16,
    /// Transition function; strict means NULL inputs are skipped.
    pub transition: Oid,
    pub final_func: Oid,
    /// min and max: the sort operator whose first value they are; else 0.
    pub sort_operator: Oid,
    pub transition_type: Oid,
    pub initial_value: Option<&'static str>,
}

impl Aggregate {
    fn read(r: &Reader) -> Aggregate {
        Aggregate {
            proc: r.oid("aggfnoid"),
            kind: r.char("aggkind"),
            direct_args: r.value("aggnumdirectargs"),
            transition: r.oid("aggtransfn"),
            final_func: r.oid("aggfinalfn"),
            sort_operator: r.oid("aggsortop"),
            transition_type: r.oid("aggtranstype"),
            initial_value: r.get("agginitval"),
        }
    }
}

static AGGREGATES: LazyLock<HashMap<Oid, Aggregate>> = LazyLock::new(|| {
    let mut reader = Reader::open_all("pg_aggregate").expect("an exported catalog");
    let mut rows = HashMap::default();
    while reader.advance() {
        let row = Aggregate::read(&reader);
        rows.insert(row.proc, row);
    }
    rows
});

/// The pg_aggregate row of a function that is an aggregate.
pub fn aggregate(proc: Oid) -> Option<&'static Aggregate> {
    AGGREGATES.get(&proc)
}
