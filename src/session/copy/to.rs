//! COPY TO: a SELECT whose rows are written in COPY's formats.

use super::options::{Format, Header, Options};
use super::other_end::Sink;
use super::{binary, csv, relation, text};
use crate::catalog::Column;
use crate::error::{PgError, Result};
use crate::exec::{ResultColumn, Row};
use crate::functions::{self, privileges::require_columns};
use crate::nodes::CommandType;
use crate::session::Session;
use crate::session::client::Client;
use crate::session::env::StatementEnv;
use crate::session::pipeline::output_columns;
use crate::session::prepared::Planned;
use crate::session::rows::{RowReader, into_rows};
use crate::sql::{self, bind::ParamTypes};
use crate::storage::TableLockMode;
use crate::types::Charset;
use pg_raw_parse::{Node, nodes};
use std::sync::Arc;

/// Rows taken from the statement at a time.
const BATCH_ROWS: usize = 1024;

/// Writes rows in COPY's form.
struct Writer {
    options: Options,
    columns: Vec<ResultColumn>,
    force_quote: Vec<bool>,
    /// Of text and CSV.
    charset: Charset,
    /// A value's text before it is escaped.
    scratch: Vec<u8>,
}

impl Session {
    pub(super) async fn copy_to(
        &mut self,
        copy: &nodes::CopyStmt,
        client: &mut dyn Client,
    ) -> Result<u64> {
        let (options, planned, relation) = match copy.relation() {
            Some(name) => {
                let relation = self.lock_for_copy(name, TableLockMode::AccessShare).await?;
                let copied = relation::columns(copy, &relation)?;
                let env = self.statement_env()?;
                let read = copied.iter().map(|column| column.attno).collect();
                require_columns(&env.catalog, env.current_role, relation.oid, 'r', &read)?;
                relation::check_source(&relation)?;
                let options = Options::read(copy)?;
                (options, self.select_columns(&copied, &relation)?, Some(relation))
            }
            None => (Options::read(copy)?, self.compile_copied_query(copy)?, None),
        };
        let columns = planned.plan.columns().to_vec();
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        let relation = relation.as_deref();
        let force_quote = relation::chosen(&options.force_quote, "FORCE_QUOTE", &names, relation)?;
        let mut running = self.start_query(Arc::new(planned), Vec::new()).await?;
        let sink = Sink::open(copy, &options, columns.len(), client)?;
        let client = running.rows.env.format.client_encoding;
        let charset = options.encoding.unwrap_or(client);
        let mut writer = Writer { options, columns, force_quote, charset, scratch: Vec::new() };
        writer.send(&mut running.rows, sink).await
    }

    /// SELECT of the columns to copy.
    fn select_columns(
        &mut self,
        columns: &[Column],
        relation: &crate::catalog::Relation,
    ) -> Result<Planned> {
        let names: Vec<String> = columns.iter().map(|c| relation::quoted(&c.name)).collect();
        let env = self.statement_env()?;
        let schema = env.catalog.namespace(relation.namespace);
        let schema = schema.map_or_else(String::new, |n| relation::quoted(&n.name));
        let table = relation::quoted(&relation.name);
        let select = format!("SELECT {} FROM ONLY {schema}.{table}", names.join(", "));
        let statement = sql::parse(select.as_str())?.pop();
        let statement = statement.ok_or_else(|| PgError::internal("COPY made an empty query"))?;
        self.compile(statement.node(), &mut ParamTypes::None)
    }

    fn compile_copied_query(&mut self, copy: &nodes::CopyStmt) -> Result<Planned> {
        if let Node::SelectStmt(select) = copy.query()
            && select.into_clause().is_some()
        {
            return Err(PgError::unsupported("COPY (SELECT INTO)"));
        }
        if matches!(copy.query(), Node::MergeStmt(_)) {
            let message = "MERGE not supported in COPY";
            return Err(PgError::new(crate::error::code::FEATURE_NOT_SUPPORTED, message));
        }
        let planned = self.compile(copy.query(), &mut ParamTypes::None)?;
        if planned.plan.command() != CommandType::Select && planned.plan.columns().is_empty() {
            let message = "COPY query must have a RETURNING clause";
            return Err(PgError::new(crate::error::code::FEATURE_NOT_SUPPORTED, message));
        }
        Ok(planned)
    }

    /// Locks the relation that COPY names, and looks at it again once it has the lock.
    pub(super) async fn lock_for_copy(
        &mut self,
        name: &nodes::RangeVar,
        mode: TableLockMode,
    ) -> Result<Arc<crate::catalog::Relation>> {
        let env = self.statement_env()?;
        let relation = self.find_relation(name, &env.catalog, &env.search_path)?;
        let transaction = self.state.transaction()?;
        self.apply_lock_timeouts(&transaction);
        let wait = crate::nodes::LockWait::Block;
        let lock = async { Ok(transaction.txn.lock_table(relation.oid, mode, wait).await?) };
        self.state.backend.or_cancelled(lock).await?;
        let env = self.statement_env()?;
        self.find_relation(name, &env.catalog, &env.search_path)
    }
}

impl Writer {
    async fn send(&mut self, rows: &mut RowReader, mut sink: Sink<'_>) -> Result<u64> {
        let binary = self.options.format == Format::Binary;
        let mut buffer = Vec::new();
        if self.options.header == Header::Present {
            let mut header = |out: &mut Vec<u8>| {
                let start = out.len();
                self.header(out);
                self.charset.encode_tail(out, start)
            };
            sink.write(&mut buffer, &mut header).await?;
        }
        let mut header_due = binary;
        let output = output_columns(&self.columns, &[]);
        let env = rows.env.clone();
        let mut sent = 0;
        while let Some(batch) = rows.next(BATCH_ROWS).await? {
            for row in into_rows(batch, &output) {
                let mut body = |out: &mut Vec<u8>| {
                    if std::mem::take(&mut header_due) {
                        binary::write_header(out);
                    }
                    self.row(&row, &env, out)
                };
                sink.write(&mut buffer, &mut body).await?;
                sent += 1;
            }
        }
        if binary {
            let mut trailer = |out: &mut Vec<u8>| {
                if std::mem::take(&mut header_due) {
                    binary::write_header(out);
                }
                binary::write_trailer(out);
                Ok(())
            };
            sink.write(&mut buffer, &mut trailer).await?;
        }
        sink.close()?;
        Ok(sent)
    }

    fn header(&mut self, out: &mut Vec<u8>) {
        let names: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        for (i, name) in names.iter().enumerate() {
            self.delimit(i, out);
            match self.options.format {
                Format::Csv => {
                    csv::write(name.as_bytes(), &self.options, false, names.len() == 1, out);
                }
                _ => text::escape(name.as_bytes(), self.options.delimiter, out),
            }
        }
        out.push(b'\n');
    }

    fn delimit(&self, column: usize, out: &mut Vec<u8>) {
        if column > 0 {
            out.push(self.options.delimiter);
        }
    }

    fn row(&mut self, row: &Row, env: &StatementEnv, out: &mut Vec<u8>) -> Result<()> {
        if self.options.format == Format::Binary {
            return self.binary_row(row, env, out);
        }
        let start = out.len();
        for (i, value) in row.iter().enumerate() {
            self.delimit(i, out);
            if value.is_null() {
                out.extend_from_slice(self.options.null.as_bytes());
                continue;
            }
            self.scratch.clear();
            functions::text_out(env, self.columns[i].type_oid, value, &mut self.scratch);
            match self.options.format {
                Format::Csv => {
                    let alone = row.len() == 1;
                    csv::write(&self.scratch, &self.options, self.force_quote[i], alone, out);
                }
                _ => text::escape(&self.scratch, self.options.delimiter, out),
            }
        }
        out.push(b'\n');
        self.charset.encode_tail(out, start)
    }

    fn binary_row(&self, row: &Row, env: &StatementEnv, out: &mut Vec<u8>) -> Result<()> {
        let count = i16::try_from(row.len()).expect("tables have at most 1600 columns");
        out.extend_from_slice(&count.to_be_bytes());
        for (value, column) in row.iter().zip(&self.columns) {
            if value.is_null() {
                out.extend_from_slice(&(-1i32).to_be_bytes());
                continue;
            }
            let start = out.len();
            out.extend_from_slice(&[0; 4]);
            functions::send(env, column.type_oid, value, out)?;
            let length = i32::try_from(out.len() - start - 4).expect("values are below 1 GiB");
            out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }
}
