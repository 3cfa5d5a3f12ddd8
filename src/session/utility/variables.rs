//! SET, RESET, SHOW.

use super::{Outcome, text_column};
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::exec::Row;
use crate::functions::{is_name_list, quote_identifier};
use crate::session::Session;
use crate::session::settings::{Scope, Settings, Source, one_argument_only, unrecognized};
use crate::session::transaction::Block;
use crate::types::Datum;
use pg_raw_parse::raw::VariableSetKind as Is;
use pg_raw_parse::{ConstValue, Node, nodes};

impl Session {
    pub(super) fn set_variable(&mut self, s: &nodes::VariableSetStmt) -> Result<Outcome> {
        let name = s.name().unwrap_or_default();
        let scope = if s.is_local { Scope::Local } else { Scope::Session };
        if s.is_local && self.block == Block::None {
            let message = "SET LOCAL can only be used in transaction blocks";
            self.warn(code::NO_ACTIVE_SQL_TRANSACTION, message);
        }
        match s.kind {
            Is::VAR_SET_VALUE => {
                let value = flatten(name, s)?;
                self.state.set(name, value.as_deref(), scope)?;
            }
            Is::VAR_SET_DEFAULT => self.state.set(name, None, scope)?,
            Is::VAR_SET_CURRENT => {
                let value = self.state.show(name).ok_or_else(|| unrecognized(name))?;
                self.state.set(name, Some(&value), scope)?;
            }
            Is::VAR_SET_MULTI => self.set_multiple(name, s)?,
            Is::VAR_RESET => {
                self.reset(name)?;
                return Ok(Outcome::done("RESET"));
            }
            _ => {
                self.state.settings.lock().reset_all();
                return Ok(Outcome::done("RESET"));
            }
        }
        Ok(Outcome::done("SET"))
    }

    /// SET TRANSACTION and SET SESSION CHARACTERISTICS.
    fn set_multiple(&mut self, name: &str, s: &nodes::VariableSetStmt) -> Result<()> {
        match name {
            "TRANSACTION" => {
                if self.block == Block::None {
                    let message = "SET TRANSACTION can only be used in transaction blocks";
                    self.warn(code::NO_ACTIVE_SQL_TRANSACTION, message);
                }
                self.set_transaction_modes(s.args(), "transaction")
            }
            "TRANSACTION SNAPSHOT" if s.is_local => {
                let message = "SET LOCAL TRANSACTION SNAPSHOT is not implemented";
                Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message))
            }
            "TRANSACTION SNAPSHOT" => {
                if self.block == Block::None {
                    let message = "SET TRANSACTION can only be used in transaction blocks";
                    self.warn(code::NO_ACTIVE_SQL_TRANSACTION, message);
                }
                let name = s.args().iter().find_map(|arg| match arg {
                    Node::A_Const(c) => Some(constant(c, false)),
                    _ => None,
                });
                self.borrow_snapshot(&name.unwrap_or_default())
            }
            "SESSION CHARACTERISTICS" => {
                self.set_transaction_modes(s.args(), "default_transaction")
            }
            _ => Err(PgError::unsupported(format!("SET {name}"))),
        }
    }

    fn reset(&mut self, name: &str) -> Result<()> {
        if name.starts_with("transaction_") {
            return Ok(());
        }
        let known = self.state.show(name).is_some();
        if builtin::setting(name).is_none() && !known && !name.contains('.') {
            return Err(unrecognized(name));
        }
        let superuser = self.state.is_superuser();
        Settings::check_may_change(name, Source::Statement { superuser })?;
        self.state.set(name, None, Scope::Session)
    }

    pub(super) fn show_variable(&mut self, name: &str) -> Result<Outcome> {
        if name == "all" {
            return Ok(self.show_all());
        }
        let value = self.state.show(name).ok_or_else(|| unrecognized(name))?;
        let rows = vec![vec![Datum::text(value)]];
        Ok(rows_of(vec![text_column(shown_name(name))], rows))
    }

    fn show_all(&mut self) -> Outcome {
        let rows = builtin::settings().map(|setting| -> Row {
            let value = self.state.show(setting.name).unwrap_or_default();
            vec![Datum::text(setting.name), Datum::text(value), Datum::text(setting.short_desc)]
        });
        rows_of(show_all_columns(), rows.collect())
    }
}

pub(super) fn show_all_columns() -> Vec<crate::exec::ResultColumn> {
    ["name", "setting", "description"].map(text_column).to_vec()
}

/// A setting's own spelling, which names SHOW's column.
pub(super) fn shown_name(name: &str) -> &str {
    builtin::setting(name).map_or(name, |setting| setting.name)
}

fn rows_of(columns: Vec<crate::exec::ResultColumn>, rows: Vec<Row>) -> Outcome {
    Outcome::Rows { columns, rows, encodings: Vec::new(), tag: "SHOW".to_owned() }
}

/// The text that SET's arguments make; `None` for DEFAULT (as in SET TIME ZONE LOCAL).
fn flatten(name: &str, s: &nodes::VariableSetStmt) -> Result<Option<String>> {
    let quotes = is_name_list(name);
    let plain_lists = ["datestyle", "restrict_nonsystem_relation_kind"];
    let is_list = quotes || plain_lists.iter().any(|plain| name.eq_ignore_ascii_case(plain));
    if s.args().len() > 1 && !is_list {
        return Err(one_argument_only(name));
    }
    let mut parts = Vec::new();
    for arg in s.args() {
        parts.push(match arg {
            Node::A_Const(c) => constant(c, quotes),
            // SET TIME ZONE INTERVAL '…'
            Node::TypeCast(cast) => match cast.arg() {
                Node::A_Const(c) => format!("INTERVAL '{}'", constant(c, false)),
                _ => return Err(PgError::unsupported("this value")),
            },
            _ => return Err(PgError::unsupported("this value")),
        });
    }
    Ok((!parts.is_empty()).then(|| parts.join(", ")))
}

fn constant(c: &nodes::A_Const, quotes: bool) -> String {
    match c.val() {
        Some(ConstValue::Integer(n)) => n.to_string(),
        Some(ConstValue::Float(text)) => text.to_owned(),
        Some(ConstValue::Boolean(b)) => if b { "on" } else { "off" }.to_owned(),
        Some(ConstValue::String(text)) if quotes => quote_identifier(text).into_owned(),
        Some(ConstValue::String(text) | ConstValue::BitString(text)) => text.to_owned(),
        _ => String::new(),
    }
}
