//! EXPLAIN.

use super::{Outcome, options, text_column};
use crate::error::{PgError, Result, code};
use crate::exec::ResultColumn;
use crate::exec::explain::{Analyzed, Format, Measurements, Shown};
use crate::session::Session;
use crate::session::prepared::{Kind, Planned};
use crate::sql::bind::ParamTypes;
use crate::types::{Datum, oids};
use pg_raw_parse::{Node, nodes};
use std::sync::Arc;
use std::time::Instant;

/// EXPLAIN's options. SETTINGS and BUFFERS ask for what we do not keep (page counts).
#[derive(Default)]
struct Options {
    analyze: bool,
    verbose: bool,
    costs: Option<bool>,
    format: Format,
    wal: bool,
    timing: Option<bool>,
    summary: Option<bool>,
}

/// What EXPLAIN is of.
enum Explained {
    Query(Arc<Planned>, Vec<Datum>),
    /// EXECUTE of what has no plan.
    Utility,
}

impl Session {
    /// EXPLAIN's column.
    pub(super) fn explain_columns(&self, s: &nodes::ExplainStmt) -> Vec<ResultColumn> {
        let column = text_column("QUERY PLAN");
        let mut formats = s.options().iter().filter(|o| o.defname() == Some("format"));
        let type_oid = match formats.next_back().map(format).and_then(Result::ok) {
            Some(Format::Json) => oids::JSON,
            Some(Format::Xml) => oids::XML,
            _ => column.type_oid,
        };
        vec![ResultColumn { type_oid, ..column }]
    }

    pub(super) async fn explain(&mut self, s: &nodes::ExplainStmt) -> Result<Outcome> {
        let options = Options::of(s)?;
        let started = Instant::now();
        let explained = self.plan_explained(s.query(), options.analyze)?;
        let planning_ms = milliseconds(started);
        let lines = match explained {
            Explained::Utility => vec![options.format.no_plan()],
            Explained::Query(planned, params) => {
                let env = self.statement_env()?;
                planned.plan.check_privileges(&env.catalog, env.current_role)?;
                planned.plan.check_targets(&env.catalog)?;
                let analyzed = match options.analyze {
                    true => Some(self.analyze(planned.clone(), params).await?),
                    false => None,
                };
                let shown = Shown {
                    costs: options.costs.unwrap_or(true),
                    verbose: options.verbose,
                    planning_ms: options.summary.unwrap_or(options.analyze).then_some(planning_ms),
                    analyzed,
                    timing: options.timing.unwrap_or(options.analyze),
                };
                planned.plan.explain(options.format, &shown)
            }
        };
        Ok(Outcome::Rows {
            columns: self.explain_columns(s),
            rows: lines.into_iter().map(|line| vec![Datum::text(line)]).collect(),
            encodings: Vec::new(),
            tag: "EXPLAIN".to_owned(),
        })
    }

    fn plan_explained(&mut self, node: Node<'_>, analyze: bool) -> Result<Explained> {
        let query = match node {
            Node::ExecuteStmt(_) => {
                let (prepared, params) = self.resolve_execute(node)?;
                if prepared.kind != Kind::Query {
                    return Ok(Explained::Utility);
                }
                let kept = self.plan_of(&prepared)?;
                // The plan that is kept does not know what EXPLAIN shows of it.
                let mut types = ParamTypes::Fixed(prepared.param_types.clone());
                let planned = match prepared.user {
                    Some(_) => kept,
                    None => Arc::new(self.compile_explained(prepared.node(), &mut types)?),
                };
                return Ok(Explained::Query(planned, params));
            }
            Node::CreateTableAsStmt(_) | Node::DeclareCursorStmt(_) if analyze => {
                return Err(PgError::unsupported("EXPLAIN ANALYZE of this statement"));
            }
            Node::CreateTableAsStmt(s) => match s.query() {
                execute @ Node::ExecuteStmt(_) => return self.plan_explained(execute, analyze),
                query => query,
            },
            Node::DeclareCursorStmt(s) => s.query(),
            query if Kind::of(query) == Kind::Query => query,
            _ => return Err(PgError::unsupported("EXPLAIN of this statement")),
        };
        let parameters = self.parameters.clone();
        let planned = self.compile_explained(query, &mut parameters.param_types())?;
        Ok(Explained::Query(Arc::new(planned), parameters.values))
    }

    /// Runs a plan to its end.
    async fn analyze(&mut self, planned: Arc<Planned>, params: Vec<Datum>) -> Result<Analyzed> {
        let measurements = Arc::new(Measurements::default());
        let started = Instant::now();
        let noted = Some(measurements.clone());
        let mut running = self.start_measured(planned, params, noted).await?;
        while running.rows.next(usize::MAX).await?.is_some() {}
        Ok(Analyzed { execution_ms: milliseconds(started), measurements })
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

impl Options {
    fn of(s: &nodes::ExplainStmt) -> Result<Options> {
        let mut read = Options::default();
        for option in s.options() {
            match option.defname().unwrap_or_default() {
                "analyze" => read.analyze = options::boolean(option)?,
                "format" => read.format = format(option)?,
                "timing" => read.timing = Some(options::boolean(option)?),
                "summary" => read.summary = Some(options::boolean(option)?),
                "wal" => read.wal = options::boolean(option)?,
                "costs" => read.costs = Some(options::boolean(option)?),
                "verbose" => read.verbose = options::boolean(option)?,
                "settings" | "buffers" => drop(options::boolean(option)?),
                _ => return Err(options::unrecognized("EXPLAIN", option)),
            }
        }
        let needs_analyze = |name: &str| {
            let message = format!("EXPLAIN option {name} requires ANALYZE");
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
        };
        match read {
            Options { wal: true, analyze: false, .. } => needs_analyze("WAL"),
            Options { timing: Some(true), analyze: false, .. } => needs_analyze("TIMING"),
            _ => Ok(read),
        }
    }
}

fn format(option: &nodes::DefElem) -> Result<Format> {
    let Some(format) = options::word(option) else {
        return Err(PgError::new(code::SYNTAX_ERROR, "format requires a parameter"));
    };
    match format.as_str() {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        "xml" => Ok(Format::Xml),
        "yaml" => Ok(Format::Yaml),
        other => {
            let message = format!("unrecognized value for EXPLAIN option \"format\": \"{other}\"");
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, message).at(option.location))
        }
    }
}
