//! CREATE COLLATION (`DefineCollation`).

use super::super::names::{RelationName, definition_name};
use super::super::{DdlContext, options};
use super::{claim, get, put};
use crate::catalog::UserCollation;
use crate::catalog::builtin::{Collation, ICU, LIBC};
use crate::error::{PgError, Result, code};
use crate::types::collation;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{DefElem, DefineStmt};

const UTF8: i32 = 6;

/// The statement's options.
#[derive(Default)]
struct Definition<'s> {
    from: Option<Vec<&'s str>>,
    locale: Option<String>,
    collate: Option<String>,
    ctype: Option<String>,
    provider: Option<String>,
    deterministic: Option<bool>,
    version: Option<String>,
}

pub(in super::super) async fn create(
    statement: &DefineStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    const TAG: &str = "CREATE COLLATION";
    let parts: Vec<&str> = statement.defnames().iter().filter_map(|s| s.sval()).collect();
    let name = RelationName::of_parts(&parts, cx)?;
    let namespace = name.target(false, &cx.catalog(), cx)?;
    let definition = Definition::read(statement)?;
    let mut new = match &definition.from {
        Some(from) => copied(from, cx)?,
        None => definition.collation()?,
    };
    let actual = actual_version(&new)?;
    if new.version.is_none() {
        new.version = actual.clone().map(Into::into);
    }
    if !claim(namespace.oid, &name.name, cx).await? {
        let message = format!("collation \"{}\" already exists", name.name);
        if !statement.if_not_exists {
            return Err(PgError::new(code::DUPLICATE_OBJECT, message));
        }
        (cx.notice)(PgError::new(code::DUPLICATE_OBJECT, format!("{message}, skipping")));
        return Ok(TAG.to_owned());
    }
    new.name = name.name.clone().into();
    new.namespace = namespace.oid;
    new.oid = cx.catalog.new_oid()?;
    if let (Some(actual), Some(recorded)) = (&actual, &new.version)
        && **actual != **recorded
    {
        (cx.notice)(mismatch(&new, &namespace.name, actual));
    }
    let owner = cx.env.current_role();
    put(UserCollation { collation: new, owner, comment: None }, cx);
    Ok(TAG.to_owned())
}

/// The version of a collation's rules as they are; libc's C and POSIX have none.
pub(super) fn actual_version(of: &Collation) -> Result<Option<String>> {
    of.locale.as_deref().map(collation::version).transpose()
}

/// The WARNING of a version that is not the library's.
fn mismatch(new: &Collation, schema: &str, actual: &str) -> PgError {
    use crate::functions::{quote_identifier, quote_qualified};
    let (name, recorded) = (&new.name, new.version.as_deref().unwrap_or_default());
    PgError::new(code::WARNING, format!("collation \"{name}\" has version mismatch"))
        .warning()
        .detail(format!(
            "The collation in the database was created using version {recorded}, but the \
             operating system provides version {actual}."
        ))
        .hint(format!(
            "Rebuild all objects affected by this collation and run ALTER COLLATION {} REFRESH \
             VERSION, or build PostgreSQL with the right library version.",
            quote_qualified(Some(&quote_identifier(schema)), name)
        ))
}

/// FROM: another collation's definition.
fn copied(from: &[&str], cx: &DdlContext<'_>) -> Result<Collation> {
    let catalog = cx.catalog();
    let found = get(from, &catalog, cx)?;
    if found.provider != ICU && found.provider != LIBC {
        return Err(invalid("collation \"default\" cannot be copied"));
    }
    Ok(Collation { version: None, ..found.clone() })
}

impl<'s> Definition<'s> {
    fn read(statement: &'s DefineStmt) -> Result<Definition<'s>> {
        let mut found = Definition::default();
        let mut seen: Vec<&str> = Vec::new();
        for option in statement.definition() {
            let name = option.defname().unwrap_or_default();
            if seen.contains(&name) {
                let message = "conflicting or redundant options";
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(option.location));
            }
            match name {
                "from" => found.from = Some(definition_name(option.arg())),
                "locale" => found.locale = Some(text(option)?),
                "lc_collate" => found.collate = Some(text(option)?),
                "lc_ctype" => found.ctype = Some(text(option)?),
                "provider" => found.provider = Some(text(option)?),
                "deterministic" => {
                    found.deterministic = Some(options::boolean(name, option.arg())?);
                }
                "version" => found.version = Some(text(option)?),
                other => {
                    let message = format!("collation attribute \"{other}\" not recognized");
                    return Err(PgError::new(code::SYNTAX_ERROR, message).at(option.location));
                }
            }
            seen.push(name);
        }
        let redundant = |detail: &'static str| {
            let message = "conflicting or redundant options";
            PgError::new(code::SYNTAX_ERROR, message).detail(detail)
        };
        if found.locale.is_some() && (found.collate.is_some() || found.ctype.is_some()) {
            let detail = "LOCALE cannot be specified together with LC_COLLATE or LC_CTYPE.";
            return Err(redundant(detail));
        }
        if found.from.is_some() && seen.len() > 1 {
            return Err(redundant("FROM cannot be specified together with any other options."));
        }
        Ok(found)
    }

    /// The collation, still without a name.
    fn collation(&self) -> Result<Collation> {
        let provider = match self.provider.as_deref() {
            Some(name) if name.eq_ignore_ascii_case("icu") => ICU,
            None => LIBC,
            Some(name) if name.eq_ignore_ascii_case("libc") => LIBC,
            Some(name) => return Err(invalid(format!("unrecognized collation provider: {name}"))),
        };
        let missing = |name: &str| invalid(format!("parameter \"{name}\" must be specified"));
        let mut new = Collation {
            oid: 0,
            name: "".into(),
            namespace: 0,
            provider,
            deterministic: self.deterministic.unwrap_or(true),
            encoding: -1,
            collate: None,
            ctype: None,
            locale: None,
            version: self.version.clone().map(Into::into),
        };
        if provider == ICU {
            let locale = self.locale.clone().ok_or_else(|| missing("locale"))?;
            new.locale = Some(locale.into());
            return Ok(new);
        }
        let collate = self.collate.as_ref().or(self.locale.as_ref());
        let ctype = self.ctype.as_ref().or(self.locale.as_ref());
        let collate = collate.ok_or_else(|| missing("lc_collate"))?;
        let ctype = ctype.ok_or_else(|| missing("lc_ctype"))?;
        if !new.deterministic {
            let message = "nondeterministic collations not supported with this provider";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        for locale in [collate, ctype] {
            if !matches!(&**locale, "C" | "POSIX") {
                return Err(PgError::unsupported(format_args!("the locale \"{locale}\" of libc")));
            }
        }
        new.encoding = UTF8;
        new.collate = Some(collate.clone().into());
        new.ctype = Some(ctype.clone().into());
        Ok(new)
    }
}

/// The text of an option (`defGetString`).
fn text(option: &DefElem) -> Result<String> {
    match option.arg() {
        Node::None => {
            let name = option.defname().unwrap_or_default();
            Err(PgError::new(code::SYNTAX_ERROR, format!("{name} requires a parameter")))
        }
        value => Ok(options::text(value)),
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_OBJECT_DEFINITION, message)
}
