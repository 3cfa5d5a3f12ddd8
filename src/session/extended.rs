//! The extended query protocol: Parse, Bind, Describe, Execute, Close, Sync (manual, 55.2.3).
//!
//! Each message that needs one begins a transaction; Sync ends it unless a block is open. An error
//! makes the server skip to Sync.

use super::Session;
use super::client::{Client, Encoding, Reply};
use super::parameters::Parameters;
use super::pipeline::{output_columns, parse_text};
use super::portal::{Portal, PortalState, Progress, cannot_be_run, no_such_portal};
use super::prepared::{Kind, Planned, Prepared};
use super::rows::RowReader;
use super::simple::is_transaction_exit;
use super::utf8;
use super::utility::Outcome;
use crate::error::{PgError, Result, code};
use crate::functions;
use crate::types::{Datum, Oid};
use pg_raw_parse::Node;
use std::sync::Arc;

impl Session {
    /// Parse.
    pub fn parse(
        &mut self,
        name: &str,
        query: &str,
        types: Vec<Oid>,
        client: &mut dyn Client,
    ) -> Result<()> {
        let text: Arc<str> = query.into();
        self.begin_command(&text);
        if name.is_empty() {
            self.state.prepared.lock().remove("");
        }
        let mut statements = parse_text(&text, true)?;
        if statements.len() > 1 {
            let message = "cannot insert multiple commands into a prepared statement";
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
        let statement = statements.pop();
        if let Some(statement) = &statement
            && !is_transaction_exit(statement.node())
        {
            self.check_not_failed()?;
        }
        self.ensure_transaction();
        let prepared = self.prepare(name, statement, types, text, false)?;
        self.keep_prepared(prepared)?;
        client.reply(Reply::ParseComplete);
        Ok(())
    }

    /// Bind. Parameters are format codes (none, one or one each) and values.
    pub fn bind(
        &mut self,
        portal: &str,
        statement: &str,
        parameters: (&[i16], &[Option<&[u8]>]),
        result_formats: &[i16],
        client: &mut dyn Client,
    ) -> Result<()> {
        let prepared = self.find_prepared(statement)?;
        self.begin_command(&prepared.text);
        if !is_transaction_exit(prepared.node()) {
            self.check_not_failed()?;
        }
        self.ensure_transaction();
        let params = self.read_parameters(&prepared, Some(portal), parameters)?;
        let state = match prepared.kind {
            Kind::Empty => PortalState::Empty,
            Kind::Query => {
                let user = prepared.user.as_deref();
                let planned = self.as_user(user, |session| session.plan_to_bind(&prepared))?;
                let user = user.map(|user| (user.to_owned(), prepared.text.to_string()));
                PortalState::Query { planned, params, user, prepared: prepared.clone() }
            }
            Kind::Execute | Kind::Utility => PortalState::Utility(prepared.clone(), params),
        };
        let encodings = read_formats(result_formats)?;
        let columns = prepared.columns.clone();
        let width = columns.as_ref().map_or(0, |c| c.len());
        if encodings.len() > 1 && encodings.len() != width {
            let given = encodings.len();
            let message =
                format!("bind message has {given} result formats but query has {width} columns");
            return Err(PgError::new(code::PROTOCOL_VIOLATION, message));
        }
        let output = columns.as_ref().map_or(Vec::new(), |c| output_columns(c, &encodings));
        let text = prepared.text.clone();
        self.keep_portal(portal, |number| Portal {
            number,
            text,
            columns,
            encodings,
            output,
            state,
            created: super::clock::now(),
        })?;
        client.reply(Reply::BindComplete);
        Ok(())
    }

    /// The plan of a portal.
    fn plan_to_bind(&mut self, prepared: &Arc<Prepared>) -> Result<Arc<Planned>> {
        let planned = self.plan_of(prepared)?;
        if !planned.writes {
            // A SELECT's portal starts here (`PortalStart`), so that it fails before Describe.
            let env = self.statement_env()?;
            planned.plan.check_privileges(&env.catalog, env.current_role)?;
            planned.plan.check_targets(&env.catalog)?;
            planned.plan.check_populated(&env.catalog)?;
        }
        Ok(planned)
    }

    /// Keeps a portal under its name; only the unnamed one is replaced.
    pub(super) fn keep_portal(
        &mut self,
        name: &str,
        make: impl FnOnce(u64) -> Portal,
    ) -> Result<()> {
        if !name.is_empty() && self.portals.contains_key(name) {
            let message = format!("cursor \"{name}\" already exists");
            return Err(PgError::new(code::DUPLICATE_CURSOR, message));
        }
        self.portals_made += 1;
        self.portals.insert(name.to_owned(), make(self.portals_made));
        Ok(())
    }

    /// Reads parameters' values; the name of the portal that they are for is told with errors.
    pub(super) fn read_parameters(
        &mut self,
        prepared: &Prepared,
        portal: Option<&str>,
        (formats, values): (&[i16], &[Option<&[u8]>]),
    ) -> Result<Vec<Datum>> {
        let violation = |message| Err(PgError::new(code::PROTOCOL_VIOLATION, message));
        if formats.len() > 1 && formats.len() != values.len() {
            let (given, count) = (formats.len(), values.len());
            return violation(format!(
                "bind message has {given} parameter formats but {count} parameters"
            ));
        }
        let required = prepared.param_types.len();
        if values.len() != required {
            return violation(format!(
                "bind message supplies {} parameters, but prepared statement \"{}\" requires {required}",
                values.len(),
                prepared.name
            ));
        }
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let env = self.statement_env()?;
        let mut params = Vec::with_capacity(values.len());
        for (i, (value, type_oid)) in values.iter().zip(&prepared.param_types).enumerate() {
            let format = match formats {
                [] => 0,
                [one] => *one,
                each => each[i],
            };
            let read = match (value, read_format(format)) {
                (_, Err(error)) => Err((error, None)),
                (None, _) => functions::null_in(&*env, *type_oid).map_err(|e| (e, None)),
                (Some(bytes), Ok(Encoding::Text)) => {
                    let text = utf8(bytes).map_err(|e| (e, None));
                    text.and_then(|text| {
                        let read = functions::text_in(&*env, *type_oid, -1, text);
                        read.map_err(|e| (e, Some(text)))
                    })
                }
                (Some(bytes), Ok(Encoding::Binary)) => {
                    functions::receive(&*env, *type_oid, -1, bytes).map_err(|e| (e, None))
                }
            };
            params.push(read.map_err(|(error, text)| match portal {
                Some(portal) => self.in_parameter(error, portal, i + 1, text),
                None => error,
            })?);
        }
        Ok(params)
    }

    /// The error of reading a parameter says which (`bind_param_error_callback`), and shows as much of
    /// its text as `log_parameter_max_length_on_error` allows.
    fn in_parameter(
        &self,
        error: PgError,
        portal: &str,
        number: usize,
        text: Option<&str>,
    ) -> PgError {
        let portal = match portal {
            "" => "unnamed portal".to_owned(),
            name => format!("portal \"{name}\""),
        };
        let limit = self.state.settings.lock().integer("log_parameter_max_length_on_error");
        let value = text.map_or_else(String::new, |text| {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let shown = &text[..text.floor_char_boundary(limit)];
            let rest = if shown.len() < text.len() { "..." } else { "" };
            format!(" = '{}{rest}'", shown.replace('\'', "''"))
        });
        error.context(format!("{portal} parameter ${number}{value}"))
    }

    /// Describe of a statement: its parameters, then its columns.
    pub fn describe_statement(&mut self, name: &str, client: &mut dyn Client) -> Result<()> {
        let prepared = self.find_prepared(name)?;
        self.statement_text = prepared.text.clone();
        if prepared.columns.is_some() {
            self.check_not_failed()?;
        }
        client.parameter_description(&prepared.param_types);
        match &prepared.columns {
            Some(columns) => client.row_description(columns, &[]),
            None => client.reply(Reply::NoData),
        }
        Ok(())
    }

    /// Describe of a portal: its columns in the formats that Bind asked for.
    pub fn describe_portal(&mut self, name: &str, client: &mut dyn Client) -> Result<()> {
        let portal = self.portals.get(name).ok_or_else(|| no_such_portal(name))?;
        if portal.columns.is_some() {
            self.check_not_failed()?;
        }
        match &portal.columns {
            Some(columns) => client.row_description(columns, &portal.encodings),
            None => client.reply(Reply::NoData),
        }
        Ok(())
    }

    /// Execute: at most `max_rows` rows (0 or less: all).
    pub async fn execute(
        &mut self,
        name: &str,
        max_rows: i32,
        client: &mut dyn Client,
    ) -> Result<()> {
        let mut portal = self.portals.remove(name).ok_or_else(|| no_such_portal(name))?;
        let limit = u64::try_from(max_rows).unwrap_or(0);
        let progress = self.execute_portal(name, &mut portal, limit, client).await;
        // A failed portal is gone with its transaction; a statement may have closed all of them.
        match progress? {
            _ if matches!(portal.state, PortalState::Empty) => client.reply(Reply::EmptyQuery),
            Progress::Suspended => {
                client.reply(Reply::PortalSuspended);
                self.portals.insert(name.to_owned(), portal);
                return Ok(());
            }
            Progress::Complete(tag) => {
                self.flush_notices(client);
                client.command_complete(&tag);
            }
        }
        if self.state.transaction.lock().is_some() {
            self.portals.entry(name.to_owned()).or_insert(portal);
        }
        self.end_command();
        Ok(())
    }

    async fn execute_portal(
        &mut self,
        name: &str,
        portal: &mut Portal,
        limit: u64,
        client: &mut dyn Client,
    ) -> Result<Progress> {
        self.begin_command(&portal.text.clone());
        let (name_kept, text) = (name.to_owned(), portal.text.clone());
        *self.state.executing.lock() = Some((name_kept, text, portal.created));
        let exit =
            matches!(&portal.state, PortalState::Utility(p, _) if is_transaction_exit(p.node()));
        if !exit {
            self.check_not_failed()?;
        }
        self.ensure_transaction();
        match std::mem::replace(&mut portal.state, PortalState::Done { tag: None }) {
            PortalState::Empty => {
                portal.state = PortalState::Empty;
                return Ok(Progress::Complete(String::new()));
            }
            PortalState::Query { planned, params, user, prepared } => {
                if let Some((user, statement)) = &user {
                    let role = self.role_to_act_as(user)?;
                    self.audit(user, statement);
                    self.act_as(Some(role));
                }
                let (text, types) = (prepared.text.clone(), &prepared.param_types);
                // PREPARE's text is not the query's own.
                let running = match prepared.from_sql || user.is_some() {
                    true => self.start_query(planned, params).await,
                    false => self.answer_or_start(planned, params, &text, types).await,
                };
                if user.is_some() {
                    self.act_as(None);
                }
                portal.state = PortalState::Running(Box::new(running?));
            }
            PortalState::Utility(prepared, params) => {
                self.parameters = Parameters::new(&prepared.param_types, params);
                let executed = self.execute_utility(portal, &prepared, client).await;
                self.parameters = Parameters::default();
                if let Some(tag) = executed? {
                    return Ok(Progress::Complete(tag));
                }
            }
            PortalState::Done { tag: None } => return Err(cannot_be_run(name)),
            started => portal.state = started,
        }
        portal.deliver(limit, client).await
    }

    /// Runs a utility statement's portal; gives its tag unless it has rows to deliver.
    async fn execute_utility(
        &mut self,
        portal: &mut Portal,
        prepared: &Prepared,
        client: &mut dyn Client,
    ) -> Result<Option<String>> {
        let Some(statement) = &prepared.statement else { return Ok(Some(String::new())) };
        if prepared.kind == Kind::Execute {
            let (inner, params) = self.resolve_execute(prepared.node())?;
            let planned = self.plan_of(&inner)?;
            let running = self.start_query(planned, params).await?;
            portal.state = PortalState::Running(Box::new(running));
            return Ok(None);
        }
        let outcome = self.run_utility(statement, prepared.node(), client).await?;
        if matches!(prepared.node(), Node::TransactionStmt(_)) {
            self.finish_unblocked().await?;
        }
        match outcome {
            Outcome::Rows { rows, tag, .. } => {
                let env = self.statement_env()?;
                let reader = RowReader::from_rows(rows, env, self.state.backend.clone());
                portal.state = PortalState::Rows(reader, tag);
                Ok(None)
            }
            done => Ok(Some(done.into_tag())),
        }
    }

    /// Close of a statement; unknown names are no error.
    pub fn close_statement(&mut self, name: &str, client: &mut dyn Client) -> Result<()> {
        self.state.prepared.lock().remove(name);
        client.reply(Reply::CloseComplete);
        Ok(())
    }

    /// Close of a portal; unknown names are no error.
    pub fn close_portal(&mut self, name: &str, client: &mut dyn Client) -> Result<()> {
        self.portals.remove(name);
        client.reply(Reply::CloseComplete);
        Ok(())
    }

    /// Sync: commits what is not in a block.
    pub async fn sync(&mut self, client: &mut dyn Client) -> Result<()> {
        self.end_command();
        let outcome = self.finish_unblocked().await;
        self.flush_notices(client);
        outcome
    }
}

/// Format codes as encodings.
fn read_formats(formats: &[i16]) -> Result<Vec<Encoding>> {
    formats.iter().copied().map(read_format).collect()
}

pub(super) fn read_format(format: i16) -> Result<Encoding> {
    match format {
        0 => Ok(Encoding::Text),
        1 => Ok(Encoding::Binary),
        other => Err(PgError::new(
            code::INVALID_PARAMETER_VALUE,
            format!("unsupported format code: {other}"),
        )),
    }
}
