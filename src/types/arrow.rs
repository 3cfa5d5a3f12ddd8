//! How values travel in DataFusion plans.

use super::{Datum, Oid};
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::{DataType, Field};

/// The Arrow type that represents a PostgreSQL type.
pub fn data_type(_type_oid: Oid) -> DataType {
    todo!()
}

/// A nullable field of a PostgreSQL type; the type's OID travels in its metadata (`pg.type`).
pub fn field(_name: &str, _type_oid: Oid, _typmod: i32) -> Field {
    todo!()
}

/// Builds an array of one PostgreSQL type from datums.
pub struct Builder {}

impl Builder {
    pub fn new(_type_oid: Oid, _capacity: usize) -> Builder {
        todo!()
    }
    /// Appends a value of the builder's type, or NULL.
    pub fn append(&mut self, _value: &Datum) {
        todo!()
    }
    /// The array; the builder is empty again.
    pub fn finish(&mut self) -> ArrayRef {
        todo!()
    }
}

/// The value in a row of an array of a PostgreSQL type.
pub fn datum_at(_array: &dyn Array, _row: usize, _type_oid: Oid) -> Datum {
    todo!()
}
