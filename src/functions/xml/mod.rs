//! Functions of `xml` (manual, 9.15), and what the constructs of SQL/XML share with them.
//!
//! XPath and the mappings of tables to XML are missing.

mod value;

pub use value::sql_value;

use super::Implementation::{self, Scalar};
use super::{AggregateFn, AggregateState, Ctx, Env};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use crate::types::xml::{self, Declaration, Kind};

/// Reads a value: what `xmloption` says it must be.
pub(super) fn input(env: &dyn Env, text: &str) -> Result<Datum> {
    xml::check(text, kind(env))?;
    Ok(Datum::text(text))
}

fn kind(env: &dyn Env) -> Kind {
    match env.setting("xmloption").as_deref() {
        Some("document") => Kind::Document,
        _ => Kind::Content,
    }
}

fn comment(text: &str) -> Result<Datum> {
    if text.contains("--") || text.ends_with('-') {
        return Err(PgError::new(code::INVALID_XML_COMMENT, "invalid XML comment"));
    }
    Ok(Datum::text(format!("<!--{text}-->")))
}

/// Whether a text is well-formed; an error only where that cannot be told.
fn is_well_formed(text: &str, kind: Kind) -> Result<Datum> {
    match xml::check(text, kind) {
        Ok(()) => Ok(Datum::Bool(true)),
        Err(error) if error.code() == code::FEATURE_NOT_SUPPORTED => Err(error),
        Err(_) => Ok(Datum::Bool(false)),
    }
}

/// Values one after the other, with the declaration that all agree on before them (`xmlconcat`).
#[derive(Default)]
pub struct Concatenation {
    body: String,
    /// Of all values so far; `None`: there was none.
    declaration: Option<Declared>,
}

struct Declared {
    /// `None`: some value has none, or they differ.
    version: Option<String>,
    /// `no` where one says no, and nothing where one says nothing.
    standalone: Option<bool>,
}

impl Concatenation {
    pub fn push(&mut self, value: &str) {
        let (found, length) = Declaration::read(value).unwrap_or_default();
        self.declaration = Some(match self.declaration.take() {
            None => Declared { version: found.version, standalone: found.standalone },
            Some(before) => Declared {
                version: before.version.filter(|v| found.version.as_ref() == Some(v)),
                standalone: match (before.standalone, found.standalone) {
                    (Some(a), Some(b)) => Some(a && b),
                    _ => None,
                },
            },
        });
        self.body.push_str(&value[length..]);
    }

    /// The whole; `None`: there was no value.
    pub fn finish(&self) -> Option<String> {
        let Declared { version, standalone } = self.declaration.as_ref()?;
        let declaration = Declaration { version: version.clone(), standalone: *standalone };
        let mut out = String::new();
        declaration.write(&mut out);
        out.push_str(&self.body);
        Some(out)
    }
}

/// The values that are not NULL as one; NULL if there are none.
pub fn concat<'v>(values: impl IntoIterator<Item = &'v Datum>) -> Datum {
    let mut all = Concatenation::default();
    values.into_iter().filter(|v| !v.is_null()).for_each(|value| all.push(value.as_text()));
    all.finish().map_or(Datum::Null, Datum::text)
}

/// `xmlagg`.
#[derive(Default)]
struct All(Concatenation);

impl AggregateState for All {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if let Datum::Text(value) = &args[0] {
            self.0.push(value);
        }
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(self.0.finish().map_or(Datum::Null, Datum::text))
    }

    fn size(&self) -> usize {
        size_of::<All>() + self.0.body.len()
    }
}

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] =
    &[("xmlagg(xml)", |_, _| Ok(Box::new(All::default())))];

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("texttoxml", Scalar(|c, a| input(c.env, a[0].as_text()))),
    ("xmltotext", Scalar(|_, a| Ok(a[0].clone()))),
    ("xmlcomment", Scalar(|_, a| comment(a[0].as_text()))),
    ("xmlconcat2", Scalar(|_, a| Ok(concat(a)))),
    ("xml_is_well_formed", Scalar(|c, a| is_well_formed(a[0].as_text(), kind(c.env)))),
    ("xml_is_well_formed_document", Scalar(|_, a| is_well_formed(a[0].as_text(), Kind::Document))),
    ("xml_is_well_formed_content", Scalar(|_, a| is_well_formed(a[0].as_text(), Kind::Content))),
];
