//! The grammar of our own statements.

use super::parser::Parser;
use super::{CreateStorage, Name, Own, StorageOption, Target};
use crate::error::{PgError, Result, code};
use crate::sql::into_clause;
use crate::sql::parse::parse_one;
use pg_raw_parse::Node;

/// Parses the statement that begins at `start` of the query string.
pub(in crate::sql) fn parse(text: &str, start: usize) -> Result<Own> {
    let mut p = Parser::new(text, start);
    let own = match () {
        () if p.word("storage") => storage(&mut p)?,
        () if p.words("show", &["storages"])? => Own::ShowStorages,
        () if p.words("create", &["storage"])? => create_storage(&mut p)?,
        () if p.words("alter", &["storage"])? => alter_storage(&mut p)?,
        () if p.words("drop", &["storage"])? => drop_storage(&mut p)?,
        () if p.word("describe") || p.word("desc") => describe(&mut p)?,
        () if p.words("kill", &["job"])? => kill_job(&mut p)?,
        () if p.word("use") => use_namespace(&mut p)?,
        () if p.words("execute", &["as", "user"])? => execute_as(text, &mut p)?,
        () => return p.unexpected(),
    };
    p.end()?;
    Ok(own)
}

/// STORAGE FLUSH | COMPACT …
fn storage(p: &mut Parser<'_>) -> Result<Own> {
    let make = if p.word("flush") {
        Own::Flush
    } else {
        p.expect_word("compact")?;
        Own::Compact
    };
    if p.word("all") {
        return Ok(make(Target::All));
    }
    p.expect_word("table")?;
    Ok(make(Target::Table(p.name()?)))
}

fn create_storage(p: &mut Parser<'_>) -> Result<Own> {
    let if_not_exists = p.words("if", &["not", "exists"])?;
    let name = p.identifier()?;
    p.expect_word("type")?;
    let location = p.location();
    let kind = (p.value()?, location);
    let options = if p.word("with") { options(p)? } else { Vec::new() };
    Ok(Own::CreateStorage(CreateStorage { name, if_not_exists, kind, options }))
}

fn alter_storage(p: &mut Parser<'_>) -> Result<Own> {
    let name = p.identifier()?;
    p.expect_word("set")?;
    Ok(Own::AlterStorage { name, set: options(p)? })
}

fn drop_storage(p: &mut Parser<'_>) -> Result<Own> {
    let if_exists = p.words("if", &["exists"])?;
    let name = p.identifier()?;
    let cascade = p.word("cascade");
    if !cascade {
        p.word("restrict");
    }
    Ok(Own::DropStorage { name, if_exists, cascade })
}

/// `(name 'value', …)`; `name = 'value'` will do, too.
fn options(p: &mut Parser<'_>) -> Result<Vec<StorageOption>> {
    p.expect_symbol(b'(')?;
    let mut options: Vec<StorageOption> = Vec::new();
    loop {
        let location = p.location();
        let name = p.identifier()?;
        p.symbol(b'=');
        if options.iter().any(|option| option.name == name) {
            let message = format!("option \"{name}\" provided more than once");
            return Err(PgError::new(code::DUPLICATE_OBJECT, message).at(location));
        }
        options.push(StorageOption { name, value: p.value()?, location });
        if !p.symbol(b',') {
            break;
        }
    }
    p.expect_symbol(b')')?;
    Ok(options)
}

/// A table named `table` must be quoted.
fn describe(p: &mut Parser<'_>) -> Result<Own> {
    p.word("table");
    let table = p.name()?;
    Ok(Own::Describe { table, history: p.word("history") })
}

fn kill_job(p: &mut Parser<'_>) -> Result<Own> {
    let location = p.location();
    let value = p.value()?;
    match value.parse() {
        Ok(id) => Ok(Own::KillJob { id }),
        Err(_) => {
            let message = format!("invalid job id: \"{value}\"");
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, message).at(location))
        }
    }
}

fn use_namespace(p: &mut Parser<'_>) -> Result<Own> {
    let Name { mut parts, location } = p.name()?;
    let is_key_word = parts == ["namespace"];
    if parts.len() > 1 {
        return Err(
            PgError::new(code::SYNTAX_ERROR, "a namespace has no qualified name").at(location)
        );
    }
    let name = match is_key_word && p.end().is_err() {
        true => p.identifier()?,
        false => parts.swap_remove(0),
    };
    Ok(Own::UseNamespace { name })
}

fn execute_as(text: &str, p: &mut Parser<'_>) -> Result<Own> {
    let user = p.string()?;
    if !p.peek().is_symbol(b'(') {
        return p.unexpected();
    }
    let start = p.advance().end;
    let mut depth = 1usize;
    let mut end = start;
    while depth > 0 {
        if p.peek().kind == super::Kind::End {
            return p.unexpected();
        }
        let token = p.advance();
        match () {
            () if token.is_symbol(b'(') => depth += 1,
            () if token.is_symbol(b')') => depth -= 1,
            () => {}
        }
        end = token.start;
    }
    let statement = parse_one(text, start, end)?;
    let is_query = match statement.node() {
        Node::SelectStmt(select) => into_clause(select).is_none(),
        Node::InsertStmt(_) | Node::UpdateStmt(_) | Node::DeleteStmt(_) => true,
        Node::MergeStmt(_) => true,
        _ => false,
    };
    match is_query {
        true => Ok(Own::ExecuteAs { user, statement }),
        false => Err(PgError::unsupported("EXECUTE AS USER of this statement")
            .hint("It runs SELECT, INSERT, UPDATE, DELETE and MERGE. For others, use SET ROLE.")),
    }
}
