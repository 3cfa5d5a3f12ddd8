//! COPY FROM.
//!
//! Values are read as their types' input functions read them, a line at a time, and the lines' rows
//! go to a [`BulkLoad`], which inserts them in batches: all are one statement, whose writes gather in
//! the transaction. Errors tell the line (and column) in their CONTEXT.

use super::decoder::Decoder;
use super::lines::{Lines, bad_format};
use super::options::{Format, Header, Options};
use super::other_end::Source;
use super::{binary, csv, relation, text};
use crate::catalog::{Column, Persistence, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::dml::{BulkInsert, BulkLoad, LineError};
use crate::exec::{Row, off_worker};
use crate::functions::{self, privileges};
use crate::session::client::Client;
use crate::session::env::StatementEnv;
use crate::session::{Session, utf8};
use crate::sql::bind::{self, BindContext, ExprPlace};
use crate::types::Datum;
use pg_raw_parse::{Node, nodes};
use std::sync::Arc;

/// As much of a line or value is quoted in an error's context, in bytes.
const CONTEXT_BYTES: usize = 100;

/// The fields of one line; one buffer for all, reused.
#[derive(Default)]
pub(super) struct Fields {
    buffer: Vec<u8>,
    /// Where each lies in `buffer`, or in the line itself; `None`: NULL.
    fields: Vec<Option<(usize, usize)>>,
    /// Nothing of the line was escaped or quoted: the fields are parts of it.
    in_line: bool,
    scratch: Vec<u8>,
}

impl Fields {
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.fields.clear();
        self.in_line = false;
    }

    /// The fields to come are parts of the line, given by [`Fields::push_part`].
    pub(super) fn stay_in_line(&mut self) {
        self.in_line = true;
    }

    pub(super) fn push_part(&mut self, start: usize, end: usize) {
        self.fields.push(Some((start, end)));
    }

    pub(super) fn push_null(&mut self) {
        self.fields.push(None);
    }

    pub(super) fn push(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        let start = self.buffer.len();
        append(&mut self.buffer);
        self.fields.push(Some((start, self.buffer.len())));
    }

    /// A buffer for a field under way.
    pub(super) fn take_scratch(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.scratch)
    }

    pub(super) fn give_scratch(&mut self, mut scratch: Vec<u8>) {
        scratch.clear();
        self.scratch = scratch;
    }

    /// The fields of `line`, which was split last.
    fn iter<'f>(&'f self, line: &'f [u8]) -> impl Iterator<Item = Option<&'f [u8]>> {
        let text = if self.in_line { line } else { &self.buffer[..] };
        self.fields.iter().map(move |field| field.map(|(start, end)| &text[start..end]))
    }

    /// The fields where all of them are text for certain: parts of a line that is.
    fn texts<'f>(&'f self, line: &'f str) -> impl Iterator<Item = Option<&'f str>> {
        self.fields.iter().map(|field| field.map(|(start, end)| &line[start..end]))
    }

    fn len(&self) -> usize {
        self.fields.len()
    }
}

/// A COPY FROM under way.
struct Loader {
    relation: Arc<Relation>,
    columns: Vec<Column>,
    force_null: Vec<bool>,
    force_not_null: Vec<bool>,
    options: Options,
    load: BulkLoad,
    env: Arc<StatementEnv>,
    fields: Fields,
    inserted: u64,
}

impl Session {
    pub(super) async fn copy_from(
        &mut self,
        copy: &nodes::CopyStmt,
        client: &mut dyn Client,
    ) -> Result<u64> {
        let transaction = self.state.transaction()?;
        let mut loader = self.prepare_load(copy).await?;
        let loaded = loader.load_all(copy, client).await;
        let Loader { load, inserted, relation, .. } = loader;
        let finish = || off_worker(|| load.finish()).map_err(|e| at_line_of(&relation, e));
        match loaded.and_then(|()| finish()) {
            Ok(()) => transaction.txn.end_statement()?,
            Err(error) => {
                transaction.txn.abort_statement();
                return Err(error);
            }
        }
        Ok(inserted)
    }

    async fn prepare_load(&mut self, copy: &nodes::CopyStmt) -> Result<Loader> {
        let name = copy.relation().ok_or_else(|| PgError::internal("COPY FROM without a table"))?;
        let relation =
            self.lock_for_copy(name, crate::storage::TableLockMode::RowExclusive).await?;
        let env = self.statement_env()?;
        let columns = relation::columns(copy, &relation)?;
        let named = columns.iter().map(|c| c.attno).collect();
        privileges::require_columns(&env.catalog, env.current_role, relation.oid, 'a', &named)?;
        let env = self.statement_env()?;
        let context = BindContext { catalog: &env.catalog, env: &*env };
        let filter = match copy.where_clause() {
            Node::None => None,
            node => {
                Some(bind::bind_expr(node, &context, ExprPlace::CopyWhere, Some(&relation), None)?)
            }
        };
        if relation.persistence != Persistence::Temporary {
            self.state.transaction()?.check_may_write("COPY FROM")?;
        }
        let options = Options::read(copy)?;
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        let chosen = |option, name| relation::chosen(option, name, &names, Some(&relation));
        let force_not_null = chosen(&options.force_not_null, "FORCE_NOT_NULL")?;
        let force_null = chosen(&options.force_null, "FORCE_NULL")?;
        relation::check_target(&relation)?;
        self.refuse_policies(&relation)?;
        if options.freeze && relation.is_partitioned() {
            let message = "cannot perform COPY FREEZE on a partitioned table";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        if options.freeze && !self.state.transaction()?.txn.has_created(relation.storage) {
            return Err(cannot_freeze());
        }
        let attnos: Vec<_> = columns.iter().map(|c| c.attno).collect();
        let insert = BulkInsert::compile(&env.catalog, &relation, &attnos, filter.as_ref())?;
        let transaction = self.state.transaction()?;
        let view = transaction.txn.begin_statement()?;
        let load = insert.start(self.statement_context(&env, &transaction, view));
        Ok(Loader {
            force_null,
            force_not_null,
            relation,
            columns,
            options,
            load,
            env,
            fields: Fields::default(),
            inserted: 0,
        })
    }
}

impl Session {
    /// Policies are part of queries, which COPY FROM is not.
    fn refuse_policies(&mut self, relation: &Relation) -> Result<()> {
        let env = self.statement_env()?;
        if !relation.polices(&env.catalog, env.current_role) {
            return Ok(());
        }
        if !self.derive(&env.catalog).row_security {
            let name = &relation.name;
            let message = format!(
                "query would be affected by row-level security policy for table \"{name}\""
            );
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
        }
        let message = "COPY FROM not supported with row-level security";
        Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
            .hint("Use INSERT statements instead."))
    }
}

/// Messages of this many bytes are loaded after the worker's other tasks have been given away.
const LONG_MESSAGE_BYTES: usize = 256 << 10;

/// Loads a message of so many bytes where it stalls nobody.
fn in_its_place(bytes: usize, load: impl FnOnce() -> Result<()>) -> Result<()> {
    if bytes < LONG_MESSAGE_BYTES { load() } else { off_worker(load) }
}

impl Loader {
    async fn load_all(&mut self, copy: &nodes::CopyStmt, client: &mut dyn Client) -> Result<()> {
        let columns = self.columns.len();
        let mut source = Source::open(copy, &self.options, columns, client).await?;
        match self.options.format {
            Format::Binary => self.load_binary(&mut source).await?,
            Format::Text | Format::Csv => self.load_lines(&mut source).await?,
        }
        source.close()
    }

    async fn load_lines(&mut self, source: &mut Source<'_>) -> Result<()> {
        let mut lines = Lines::new(&self.options);
        let client = self.env.format.client_encoding;
        let mut decoder = Decoder::new(self.options.encoding.unwrap_or(client));
        loop {
            let data = source.read().await.map_err(|e| self.at_line(e, lines.number + 1))?;
            let last = data.is_none();
            let data = data.unwrap_or_default();
            let (text, undecodable) = decoder.decode(&data, last);
            lines.push(&text);
            let ends = last && undecodable.is_none();
            in_its_place(data.len(), || self.take_lines(&mut lines, ends))?;
            if let Some(error) = undecodable {
                return Err(self.at_line(error, lines.number + 1));
            }
            if last {
                return Ok(());
            }
        }
    }

    /// Loads the lines that are complete.
    fn take_lines(&mut self, lines: &mut Lines, last: bool) -> Result<()> {
        loop {
            let next = lines.next(last);
            let next = next.map_err(|e| self.at_line(e, lines.number.max(1)))?;
            let Some(span) = next else { return Ok(()) };
            let line = lines.text(span);
            match lines.number {
                1 if self.options.header != Header::None => self.check_header(line)?,
                number => {
                    let row = self.read_line(line, number)?;
                    self.insert(row, number, Some(line))?;
                }
            }
        }
    }

    async fn load_binary(&mut self, source: &mut Source<'_>) -> Result<()> {
        let mut reader = binary::Reader::default();
        loop {
            let data = source.read().await.map_err(|e| self.at_row(e, &reader))?;
            let last = data.is_none();
            let data = data.unwrap_or_default();
            reader.push(&data);
            in_its_place(data.len(), || self.take_rows(&mut reader, last))?;
            if last {
                return Ok(());
            }
        }
    }

    fn take_rows(&mut self, reader: &mut binary::Reader, last: bool) -> Result<()> {
        loop {
            let number = reader.rows + 1;
            let read = reader.next(&self.columns, last, &*self.env);
            let Some(row) = read.map_err(|e| self.at_row(e, reader))? else { return Ok(()) };
            self.insert(row, number, None)?;
        }
    }

    fn insert(&mut self, row: Row, number: u64, line: Option<&[u8]>) -> Result<()> {
        let bytes = line.map_or(0, <[u8]>::len);
        let kept = self.load.insert(row, number, bytes).map_err(|(at, e)| match line {
            // PostgreSQL checks keys for many lines at once, and then has their numbers only.
            Some(line) if at == number && e.code() != code::UNIQUE_VIOLATION => {
                self.with_line(e, number, line)
            }
            _ => at_line_of(&self.relation, (at, e)),
        });
        self.inserted += u64::from(kept?);
        Ok(())
    }

    fn split(&mut self, line: &[u8]) -> Result<()> {
        match self.options.format {
            Format::Csv => {
                let null = self.options.null.as_bytes();
                let (force_null, force_not_null) = (&self.force_null, &self.force_not_null);
                let is = |flags: &[bool], i: usize| flags.get(i).copied().unwrap_or(false);
                let is_null = |i: usize, quoted: bool, text: &[u8]| {
                    text == null
                        && if quoted {
                            is(force_null, i)
                        } else {
                            !is(force_not_null, i) || is(force_null, i)
                        }
                };
                csv::split(line, &self.options, &mut self.fields, is_null)
            }
            _ => {
                text::split(line, &self.options, &mut self.fields);
                Ok(())
            }
        }
    }

    /// HEADER MATCH: the first line must name the columns.
    fn check_header(&mut self, line: &[u8]) -> Result<()> {
        if self.options.header != Header::Match {
            return Ok(());
        }
        self.split(line)?;
        let (got, expected) = (self.fields.len(), self.columns.len());
        if got != expected {
            let message =
                format!("wrong number of fields in header line: got {got}, expected {expected}");
            return Err(self.with_line(bad_format(message), 1, line));
        }
        for (i, (field, column)) in self.fields.iter(line).zip(&self.columns).enumerate() {
            let number = i + 1;
            let expected = &column.name;
            let message = match field {
                None => format!(
                    "column name mismatch in header line field {number}: got null value (\"{}\"), expected \"{expected}\"",
                    self.options.null
                ),
                Some(name) if name != expected.as_bytes() => format!(
                    "column name mismatch in header line field {number}: got \"{}\", expected \"{expected}\"",
                    String::from_utf8_lossy(name)
                ),
                Some(_) => continue,
            };
            return Err(self.with_line(bad_format(message), 1, line));
        }
        Ok(())
    }

    fn read_line(&mut self, line: &[u8], number: u64) -> Result<Row> {
        if let Err(error) = self.split(line) {
            return Err(self.with_line(error, number, line));
        }
        let (got, expected) = (self.fields.len(), self.columns.len());
        if got > expected {
            let error = bad_format("extra data after last expected column");
            return Err(self.with_line(error, number, line));
        }
        let mut row = Row::with_capacity(expected);
        // Looking at the whole line once is cheaper than at each field.
        if self.fields.in_line
            && let Ok(text) = utf8(line)
        {
            for (field, column) in self.fields.texts(text).zip(&self.columns) {
                row.push(self.value(field, number, column)?);
            }
        } else {
            for (field, column) in self.fields.iter(line).zip(&self.columns) {
                let text = field.map(utf8).transpose();
                let text = text.map_err(|e| self.with_column(e, number, column, field))?;
                row.push(self.value(text, number, column)?);
            }
        }
        match self.columns.get(got) {
            Some(missing) => {
                let message = format!("missing data for column \"{}\"", missing.name);
                Err(self.with_line(bad_format(message), number, line))
            }
            None => Ok(row),
        }
    }

    fn value(&self, field: Option<&str>, number: u64, column: &Column) -> Result<Datum> {
        let value = match field {
            Some(text) => functions::text_in(&*self.env, column.type_oid, column.typmod, text),
            None => functions::null_in(&*self.env, column.type_oid),
        };
        value.map_err(|e| self.with_column(e, number, column, field.map(str::as_bytes)))
    }

    /// The header of binary data comes before all lines.
    fn at_row(&self, error: PgError, reader: &binary::Reader) -> PgError {
        let number = reader.rows + 1;
        match &reader.column {
            _ if !reader.header_read => error,
            Some(column) => {
                let table = &self.relation.name;
                error.context(format!("COPY {table}, line {number}, column {column}"))
            }
            None => self.at_line(error, number),
        }
    }

    fn at_line(&self, error: PgError, number: u64) -> PgError {
        error.context(format!("COPY {}, line {number}", self.relation.name))
    }

    fn with_line(&self, error: PgError, number: u64, line: &[u8]) -> PgError {
        let shown = shorten(line);
        error.context(format!("COPY {}, line {number}: \"{shown}\"", self.relation.name))
    }

    fn with_column(
        &self,
        error: PgError,
        number: u64,
        column: &Column,
        field: Option<&[u8]>,
    ) -> PgError {
        let value = match field {
            Some(bytes) => format!("\"{}\"", shorten(bytes)),
            None => "null input".to_owned(),
        };
        let (table, column) = (&self.relation.name, &column.name);
        error.context(format!("COPY {table}, line {number}, column {column}: {value}"))
    }
}

/// The error of a load, with the line it is about.
fn at_line_of(relation: &Relation, (line, error): LineError) -> PgError {
    match line {
        0 => error,
        _ => error.context(format!("COPY {}, line {line}", relation.name)),
    }
}

/// FREEZE shows rows to older snapshots at once, which PostgreSQL allows only where nobody else can
/// see the table. It asks for nothing here: rows carry no transaction number to freeze.
fn cannot_freeze() -> PgError {
    let message = "cannot perform COPY FREEZE because the table was not created or truncated in \
                   the current subtransaction";
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
}

/// The beginning of a line or value, for a message.
fn shorten(bytes: &[u8]) -> String {
    match bytes.len() > CONTEXT_BYTES {
        true => format!("{}...", String::from_utf8_lossy(&bytes[..CONTEXT_BYTES])),
        false => String::from_utf8_lossy(bytes).into_owned(),
    }
}
