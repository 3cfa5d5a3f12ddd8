//! A segment's columns: what PostgreSQL's values are in Parquet, and back.
//!
//! Every column has its column id (attribute number) as its Parquet field id, and NULLs. Columns of
//! our own come first, with ids that no attribute has:
//!
//! | id | name | Parquet |
//! |---|---|---|
//! | 10001 | `_seq` | int64: the commit that wrote the row |
//! | 10002 | `_updated` | timestamp in microseconds, UTC: when that was |
//! | 10003 | `_kalamdb_born` | int64: the commit that inserted the row |
//! | 10004 | `_kalamdb_key` | binary: the row's key, where no columns are the primary key |
//! | 10005 | `_kalamdb_xmin` | uint32: the transaction that wrote the row, in segments that have one for which the low half of `_seq` does not stand |
//!
//! A value travels as [`types::arrow`](crate::types::arrow) has it, so that any Parquet reader
//! understands it; `numeric(p,s)` up to 38 digits as a decimal; and what Parquet has no type for
//! (unconstrained numerics, intervals, arrays, jsonb and so on) as PostgreSQL's text with ISO dates in
//! UTC, which is exact. A column of a segment in which a value does not fit its form (a NaN in a
//! `numeric(p,s)`, a timestamp of the last years before 294277) is text in that segment: the column's
//! [`Form`] is part of the file's metadata.

use crate::storage::row::LayoutColumn;
use crate::storage::{Result, RowLayout, StorageError, row};
use crate::types::arrow::{self, Builder, ColumnType};
use crate::types::{Datum, Format, Oid, oids, tagged, text_in, text_out};
use datafusion::arrow::array::builder::{BinaryBuilder, Int64Builder, UInt32Builder};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType, UInt32Type,
};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

pub const SEQ_ID: i32 = 10_001;
pub const UPDATED_ID: i32 = 10_002;
const BORN_ID: i32 = 10_003;
const KEY_ID: i32 = 10_004;
pub const XMIN_ID: i32 = 10_005;

/// A table's column, as far as segments are concerned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentColumn {
    /// Attribute number: the column's identity.
    pub attno: i16,
    pub name: String,
    pub type_oid: Oid,
    pub typmod: i32,
    /// Not in the file; rows have NULL.
    pub dropped: bool,
    /// How values are in the file.
    #[serde(default)]
    pub form: Form,
}

/// How a column's values are in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// As [`types::arrow`](crate::types::arrow) has those of a stored column.
    #[default]
    Arrow,
    /// PostgreSQL's text.
    Text,
}

impl SegmentColumn {
    pub fn new(attno: i16, name: &str, type_oid: Oid, typmod: i32, dropped: bool) -> SegmentColumn {
        let form = Form::of(type_oid, typmod);
        SegmentColumn { attno, name: name.to_owned(), type_oid, typmod, dropped, form }
    }

    /// How values travel in the form [`Form::Arrow`].
    fn column_type(&self) -> ColumnType {
        ColumnType::stored(self.type_oid, self.typmod)
    }

    /// The value in a row of the column's array.
    pub fn datum(&self, array: &dyn Array, at: usize) -> Result<Datum> {
        if array.is_null(at) {
            return Ok(Datum::Null);
        }
        match self.form {
            Form::Arrow => Ok(arrow::datum_at(array, at, self.column_type())),
            Form::Text => text_value(array, at, self.type_oid).map_err(|e| {
                StorageError::Corrupt(format!("a segment's value of \"{}\": {e}", self.name))
            }),
        }
    }

    fn field(&self) -> Field {
        let field = match self.form {
            Form::Arrow => Field::new(&self.name, self.column_type().data_type(), true),
            Form::Text => Field::new(&self.name, DataType::Utf8View, true),
        };
        with_id(field, i32::from(self.attno))
    }
}

impl Form {
    fn of(type_oid: Oid, typmod: i32) -> Form {
        match ColumnType::stored(type_oid, typmod).data_type() {
            DataType::BinaryView if tagged::is_tagged(type_oid) => Form::Arrow,
            DataType::BinaryView if type_oid != oids::BYTEA => Form::Text,
            DataType::FixedSizeBinary(_) if type_oid != oids::UUID => Form::Text,
            _ => Form::Arrow,
        }
    }
}

/// The value of a type whose text is in a row of an array.
pub fn text_value(array: &dyn Array, at: usize, type_oid: Oid) -> crate::error::Result<Datum> {
    text_in(type_oid, -1, array.as_string_view().value(at), &Format::default())
}

/// The columns of a segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Columns {
    /// By attribute number from 1, dropped ones included.
    pub user: Vec<SegmentColumn>,
    /// Whether rows' keys are a column.
    pub stored_key: bool,
    /// Whether `xmin` is a column. Segments of older builds do not say.
    #[serde(default)]
    pub stored_xmin: bool,
    /// The schema version.
    pub version: u32,
}

impl Columns {
    /// The file's schema.
    pub fn schema(&self) -> SchemaRef {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let mut fields = vec![
            with_id(Field::new("_seq", DataType::Int64, false), SEQ_ID),
            with_id(Field::new("_updated", utc, false), UPDATED_ID),
            with_id(Field::new("_kalamdb_born", DataType::Int64, false), BORN_ID),
        ];
        if self.stored_key {
            fields.push(with_id(Field::new("_kalamdb_key", DataType::Binary, false), KEY_ID));
        }
        if self.stored_xmin {
            fields.push(with_id(Field::new("_kalamdb_xmin", DataType::UInt32, false), XMIN_ID));
        }
        fields.extend(self.live().map(SegmentColumn::field));
        Arc::new(Schema::new(fields))
    }

    /// The columns in the file.
    pub fn live(&self) -> impl Iterator<Item = &SegmentColumn> {
        self.user.iter().filter(|column| !column.dropped)
    }

    /// How rows made of this segment are laid out.
    pub fn layout(&self) -> RowLayout {
        let column = |c: &SegmentColumn| LayoutColumn {
            type_oid: c.type_oid,
            missing: Datum::Null,
            past: Vec::new(),
        };
        RowLayout::new(&self.user.iter().map(column).collect::<Vec<_>>(), self.version)
    }

    /// The field of rows' keys, where they are a column.
    pub fn key_field(&self) -> usize {
        3
    }

    /// Fields before the first user column.
    pub fn first_user_field(&self) -> usize {
        self.key_field() + usize::from(self.stored_key) + usize::from(self.stored_xmin)
    }
}

fn with_id(field: Field, id: i32) -> Field {
    let metadata = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), id.to_string())]);
    field.with_metadata(metadata)
}

/// A field's column id.
pub fn field_id(field: &Field) -> Option<i32> {
    field.metadata().get(PARQUET_FIELD_ID_META_KEY)?.parse().ok()
}

/// What does not fit into a segment as it was begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// A value does not fit its column's form: the column, by its position among all.
    Value(usize),
    /// A row's transaction has a number of its own.
    Xmin,
}

/// Makes batches of rows.
pub(super) struct BatchBuilder {
    schema: SchemaRef,
    seq: Int64Builder,
    updated: Builder,
    born: Int64Builder,
    key: Option<BinaryBuilder>,
    xmin: Option<UInt32Builder>,
    user: Vec<(usize, ColumnBuilder)>,
    rows: usize,
}

enum ColumnBuilder {
    Arrow(Builder),
    Text(Oid, Builder, Vec<u8>),
}

impl BatchBuilder {
    pub fn new(columns: &Columns, capacity: usize) -> BatchBuilder {
        let live = columns.user.iter().enumerate().filter(|(_, c)| !c.dropped);
        BatchBuilder {
            schema: columns.schema(),
            seq: Int64Builder::with_capacity(capacity),
            updated: Builder::new(oids::TIMESTAMPTZ, capacity),
            born: Int64Builder::with_capacity(capacity),
            key: columns.stored_key.then(BinaryBuilder::new),
            xmin: columns.stored_xmin.then(|| UInt32Builder::with_capacity(capacity)),
            user: live.map(|(at, c)| (at, ColumnBuilder::new(c, capacity))).collect(),
            rows: 0,
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Appends a row. After a misfit the batch is of no use.
    pub fn push(&mut self, key: &[u8], row: &row::RowRef<'_>) -> Result<(), Misfit> {
        self.seq.append_value(row.seq().cast_signed());
        self.updated.append(&Datum::TimestampTz(row.updated_us()));
        self.born.append_value(row.born().cast_signed());
        if let Some(keys) = &mut self.key {
            keys.append_value(key);
        }
        let stamp = row.stamp();
        match &mut self.xmin {
            Some(xmins) => xmins.append_value(stamp.xmin()),
            None if stamp.xid.is_some() => return Err(Misfit::Xmin),
            None => {}
        }
        for (at, builder) in &mut self.user {
            let text = row.stored_bytes(*at);
            if !text.is_some_and(|text| builder.push_text(&text)) {
                builder.push(row.datum(*at)).ok_or(Misfit::Value(*at))?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The batch; the builder is empty again.
    pub fn finish(&mut self) -> RecordBatch {
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(self.seq.finish()), self.updated.finish(), Arc::new(self.born.finish())];
        arrays.extend(self.key.as_mut().map(|keys| Arc::new(keys.finish()) as ArrayRef));
        arrays.extend(self.xmin.as_mut().map(|xmins| Arc::new(xmins.finish()) as ArrayRef));
        arrays.extend(self.user.iter_mut().map(|(_, builder)| builder.finish()));
        self.rows = 0;
        RecordBatch::try_new(self.schema.clone(), arrays)
            .expect("the builders are those of the schema's fields")
    }
}

impl ColumnBuilder {
    fn new(column: &SegmentColumn, capacity: usize) -> ColumnBuilder {
        match column.form {
            Form::Arrow => ColumnBuilder::Arrow(Builder::new(column.column_type(), capacity)),
            Form::Text => {
                let builder = Builder::new(oids::TEXT, capacity);
                ColumnBuilder::Text(column.type_oid, builder, Vec::new())
            }
        }
    }

    /// Appends stored text as it is; `false`: the column is of another type.
    fn push_text(&mut self, bytes: &[u8]) -> bool {
        match self {
            ColumnBuilder::Arrow(builder) => builder.append_stored_text(bytes),
            ColumnBuilder::Text(..) => false,
        }
    }

    /// `None`: the value does not fit.
    fn push(&mut self, value: Datum) -> Option<()> {
        match self {
            ColumnBuilder::Arrow(builder) => {
                let fits = match &value {
                    Datum::Timestamp(v) | Datum::TimestampTz(v) => {
                        arrow::timestamp_to_unix(*v) >= *v
                    }
                    Datum::Numeric(v) => !v.is_nan(),
                    _ => true,
                };
                if !fits {
                    return None;
                }
                builder.append(&value);
            }
            ColumnBuilder::Text(type_oid, builder, text) => match &value {
                Datum::Null => builder.append(&Datum::Null),
                value => {
                    text.clear();
                    text_out(*type_oid, value, &Format::default(), text);
                    let text = std::str::from_utf8(text).expect("a type's text is UTF-8");
                    builder.append(&Datum::text(text));
                }
            },
        }
        Some(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            ColumnBuilder::Arrow(builder) | ColumnBuilder::Text(_, builder, _) => builder.finish(),
        }
    }
}

/// Makes stored rows of all columns of a segment.
pub(super) struct RowMaker {
    columns: Arc<Columns>,
    layout: RowLayout,
    /// Reused.
    values: Vec<Datum>,
}

impl RowMaker {
    pub fn new(columns: &Arc<Columns>) -> RowMaker {
        RowMaker { columns: columns.clone(), layout: columns.layout(), values: Vec::new() }
    }

    /// The stored row at `at`, as it was before it was flushed.
    pub fn encode(&mut self, columns: &[ArrayRef], at: usize, out: &mut Vec<u8>) -> Result<()> {
        let int = |field: usize| columns[field].as_primitive::<Int64Type>().value(at);
        let (seq, born) = (int(0).cast_unsigned(), int(2).cast_unsigned());
        let updated = columns[1].as_primitive::<TimestampMicrosecondType>().value(at);
        self.values.clear();
        let mut field = self.columns.first_user_field();
        for column in &self.columns.user {
            if column.dropped {
                self.values.push(Datum::Null);
                continue;
            }
            self.values.push(column.datum(&*columns[field], at)?);
            field += 1;
        }
        let xid = self.columns.stored_xmin.then(|| {
            columns[self.columns.first_user_field() - 1].as_primitive::<UInt32Type>().value(at)
        });
        let xid = xid.filter(|xid| *xid != seq as u32);
        let by = row::Stamp { seq, updated_us: arrow::timestamp_from_unix(updated), xid };
        let born = if born == seq { 0 } else { born };
        self.layout.encode_stamped(&self.values, born, by, out)
    }
}
