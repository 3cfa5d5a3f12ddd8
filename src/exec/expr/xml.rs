//! The constructs of SQL/XML (`ExecEvalXmlExpr`).

use super::Node;
use super::eval::Eval;
use crate::error::{PgError, Result, code};
use crate::functions::{xml_concat, xml_of_sql_value};
use crate::nodes::{XmlOp, XmlStandalone};
use crate::types::xml::{self, Declaration, Kind};
use crate::types::{Datum, Oid};

pub(in crate::exec) struct XmlNode {
    pub op: XmlOp,
    pub name: String,
    /// Values with their names and types.
    pub named: Vec<(String, (Oid, Node))>,
    pub args: Vec<(Oid, Node)>,
}

impl XmlNode {
    /// All expressions in it.
    pub fn args(&self) -> impl Iterator<Item = &(Oid, Node)> {
        self.named.iter().map(|(_, arg)| arg).chain(&self.args)
    }

    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
        match self.op {
            XmlOp::Concat => {
                let values = self.args.iter().map(|(_, arg)| arg.eval(cx));
                Ok(xml_concat(&values.collect::<Result<Vec<_>>>()?))
            }
            XmlOp::Element => self.element(cx).map(Datum::text),
            XmlOp::Forest => self.forest(cx),
            XmlOp::Parse { document, .. } => self.of_text(cx, |text| {
                xml::check(text, if document { Kind::Document } else { Kind::Content })?;
                Ok(Datum::text(text))
            }),
            XmlOp::Pi => self.instruction(cx),
            XmlOp::Root(standalone) => self.root(standalone, cx),
            XmlOp::Serialize { document, .. } => self.of_text(cx, |text| {
                if document && !xml::is_document(text)? {
                    let message = "not an XML document";
                    return Err(PgError::new(code::NOT_AN_XML_DOCUMENT, message));
                }
                Ok(Datum::text(text))
            }),
            XmlOp::IsDocument => self.of_text(cx, |text| Ok(Datum::Bool(xml::is_document(text)?))),
        }
    }

    /// What the first argument gives; NULL if it is.
    fn of_text(&self, cx: &Eval<'_>, of: impl FnOnce(&str) -> Result<Datum>) -> Result<Datum> {
        match self.args.first() {
            Some((_, arg)) => match arg.eval(cx)? {
                Datum::Text(text) => of(&text),
                _ => Ok(Datum::Null),
            },
            None => Ok(Datum::Null),
        }
    }

    fn element(&self, cx: &Eval<'_>) -> Result<String> {
        let env = cx.state.env();
        let mut out = format!("<{}", self.name);
        for (name, (type_oid, arg)) in &self.named {
            let value = arg.eval(cx)?;
            if value.is_null() {
                continue;
            }
            out.push_str(&format!(" {name}=\""));
            xml::escape_attribute(&xml_of_sql_value(env, *type_oid, &value, false)?, &mut out);
            out.push('"');
        }
        let mut content: Option<String> = None;
        for (type_oid, arg) in &self.args {
            let value = arg.eval(cx)?;
            if !value.is_null() {
                let value = xml_of_sql_value(env, *type_oid, &value, true)?;
                content.get_or_insert_default().push_str(&value);
            }
        }
        match content {
            Some(content) => out.push_str(&format!(">{content}</{}>", self.name)),
            None => out.push_str("/>"),
        }
        Ok(out)
    }

    /// An element of each value that is not NULL; NULL where there is none.
    fn forest(&self, cx: &Eval<'_>) -> Result<Datum> {
        let mut out: Option<String> = None;
        for (name, (type_oid, arg)) in &self.named {
            let value = arg.eval(cx)?;
            if !value.is_null() {
                let value = xml_of_sql_value(cx.state.env(), *type_oid, &value, true)?;
                out.get_or_insert_default().push_str(&format!("<{name}>{value}</{name}>"));
            }
        }
        Ok(out.map_or(Datum::Null, Datum::text))
    }

    fn instruction(&self, cx: &Eval<'_>) -> Result<Datum> {
        const MESSAGE: &str = "invalid XML processing instruction";
        let name = &self.name;
        if name.eq_ignore_ascii_case("xml") {
            return Err(PgError::new(code::SYNTAX_ERROR, MESSAGE)
                .detail(format!("XML processing instruction target name cannot be \"{name}\".")));
        }
        let Some((_, arg)) = self.args.first() else {
            return Ok(Datum::text(format!("<?{name}?>")));
        };
        let Datum::Text(text) = arg.eval(cx)? else { return Ok(Datum::Null) };
        if text.contains("?>") {
            return Err(PgError::new(code::INVALID_XML_PROCESSING_INSTRUCTION, MESSAGE)
                .detail("XML processing instruction cannot contain \"?>\"."));
        }
        Ok(Datum::text(format!("<?{name} {}?>", text.trim_start_matches(' '))))
    }

    fn root(&self, standalone: XmlStandalone, cx: &Eval<'_>) -> Result<Datum> {
        let [(_, value), (_, version)] = self.args.as_slice() else {
            return Err(PgError::internal("XMLROOT without its arguments"));
        };
        let Datum::Text(value) = value.eval(cx)? else { return Ok(Datum::Null) };
        let version = match version.eval(cx)? {
            Datum::Text(version) => Some(version.to_string()),
            _ => None,
        };
        let (before, length) = Declaration::read(&value).unwrap_or_default();
        let standalone = match standalone {
            XmlStandalone::Yes => Some(true),
            XmlStandalone::No => Some(false),
            XmlStandalone::NoValue => None,
            XmlStandalone::Omitted => before.standalone,
        };
        let mut out = String::new();
        Declaration { version, standalone }.write(&mut out);
        out.push_str(&value[length..]);
        Ok(Datum::text(out))
    }
}
