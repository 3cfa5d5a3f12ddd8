//! EXPLAIN.

use super::{Outcome, text_column};
use crate::error::{PgError, Result, code};
use crate::exec::explain::Measured;
use crate::session::Session;
use crate::sql::bind::ParamTypes;
use crate::types::Datum;
use pg_raw_parse::{Node, nodes};
use std::sync::Arc;
use std::time::Instant;

/// EXPLAIN's options that change what we show.
#[derive(Default)]
struct Options {
    analyze: bool,
    json: bool,
}

impl Session {
    pub(super) async fn explain(&mut self, s: &nodes::ExplainStmt) -> Result<Outcome> {
        let options = Options::of(s)?;
        match s.query() {
            Node::SelectStmt(_)
            | Node::InsertStmt(_)
            | Node::UpdateStmt(_)
            | Node::DeleteStmt(_) => {}
            _ => return Err(PgError::unsupported("EXPLAIN of this statement")),
        }
        let started = Instant::now();
        let mut params = ParamTypes::None;
        let planned = Arc::new(self.compile(s.query(), &mut params)?);
        let planning_ms = started.elapsed().as_secs_f64() * 1000.0;
        let measured = match options.analyze {
            true => {
                let started = Instant::now();
                let mut running = self.start_query(planned.clone(), Vec::new()).await?;
                let rows = running.rows.drain(&[]).await?.len() as u64;
                let affected = running.affected;
                let execution_ms = started.elapsed().as_secs_f64() * 1000.0;
                Some(Measured { rows: affected.unwrap_or(rows), planning_ms, execution_ms })
            }
            false => None,
        };
        let lines = match options.json {
            true => vec![planned.plan.explain_json(measured.as_ref())],
            false => planned.plan.explain_text(measured.as_ref()),
        };
        Ok(Outcome::Rows {
            columns: vec![text_column("QUERY PLAN")],
            rows: lines.into_iter().map(|line| vec![Datum::text(line)]).collect(),
            encodings: Vec::new(),
            tag: "EXPLAIN".to_owned(),
        })
    }
}

impl Options {
    fn of(s: &nodes::ExplainStmt) -> Result<Options> {
        let mut options = Options::default();
        for option in s.options() {
            let name = option.defname().unwrap_or_default();
            let value = word(option.arg());
            match name {
                "analyze" => options.analyze = boolean(name, value)?,
                "format" => match value {
                    Some("text") => options.json = false,
                    Some("json") => options.json = true,
                    Some("xml" | "yaml") => {
                        return Err(PgError::unsupported("this EXPLAIN format"));
                    }
                    other => return Err(bad_format(other.unwrap_or_default())),
                },
                // They ask for details that we do not keep, or for fewer than we show.
                "verbose" | "costs" | "settings" | "buffers" | "wal" | "timing" | "summary" => {
                    boolean(name, value)?;
                }
                _ => {
                    let message = format!("unrecognized EXPLAIN option \"{name}\"");
                    return Err(PgError::new(code::SYNTAX_ERROR, message).at(option.location));
                }
            }
        }
        Ok(options)
    }
}

fn word(node: Node<'_>) -> Option<&str> {
    match node {
        Node::String(s) => s.sval(),
        Node::Boolean(b) => Some(if b.boolval { "true" } else { "false" }),
        Node::Integer(n) => Some(if n.ival == 0 { "false" } else { "true" }),
        _ => None,
    }
}

/// An option without a value is on.
fn boolean(name: &str, value: Option<&str>) -> Result<bool> {
    match value {
        None | Some("true" | "on") => Ok(true),
        Some("false" | "off") => Ok(false),
        Some(_) => {
            let message = format!("{name} requires a Boolean value");
            Err(PgError::new(code::SYNTAX_ERROR, message))
        }
    }
}

fn bad_format(value: &str) -> PgError {
    let message = format!("unrecognized value for EXPLAIN option \"format\": \"{value}\"");
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}
