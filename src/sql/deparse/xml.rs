//! The constructs of SQL/XML as they are written.

use super::expr::Label;
use super::writer::Writer;
use crate::error::Result;
use crate::functions::quote_identifier;
use crate::nodes::*;
use crate::types::xml::names;

impl<'a> Writer<'a> {
    pub(super) fn xml(&mut self, xml: &'a XmlExpr) -> Result<()> {
        match xml.op {
            XmlOp::Concat => self.construct("XMLCONCAT", |w| w.xml_values(xml)),
            XmlOp::Element => self.construct("XMLELEMENT", |w| {
                w.xml_name(&xml.name);
                if !xml.named.is_empty() {
                    w.push(", ");
                    w.construct("XMLATTRIBUTES", |w| w.xml_named_values(xml))?;
                }
                if !xml.args.is_empty() {
                    w.push(", ");
                    w.xml_values(xml)?;
                }
                Ok(())
            }),
            XmlOp::Forest => self.construct("XMLFOREST", |w| w.xml_named_values(xml)),
            XmlOp::Parse { document, preserve_whitespace } => self.construct("XMLPARSE", |w| {
                w.push(kind(document));
                w.xml_values(xml)?;
                w.push(match preserve_whitespace {
                    true => " PRESERVE WHITESPACE",
                    false => " STRIP WHITESPACE",
                });
                Ok(())
            }),
            XmlOp::Pi => self.construct("XMLPI", |w| {
                w.xml_name(&xml.name);
                if !xml.args.is_empty() {
                    w.push(", ");
                    w.xml_values(xml)?;
                }
                Ok(())
            }),
            XmlOp::Root(standalone) => self.construct("XMLROOT", |w| w.root(xml, standalone)),
            XmlOp::Serialize { document, type_oid, typmod } => {
                self.construct("XMLSERIALIZE", |w| {
                    w.push(kind(document));
                    w.xml_values(xml)?;
                    let type_name = w.names.type_name(type_oid, typmod);
                    w.push(&format!(" AS {type_name}"));
                    Ok(())
                })
            }
            XmlOp::IsDocument => self.is_document(xml),
        }
    }

    fn construct(
        &mut self,
        keyword: &str,
        inside: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.push(keyword);
        self.push("(");
        inside(self)?;
        self.push(")");
        Ok(())
    }

    fn xml_name(&mut self, name: &str) {
        let name = names::to_sql(name);
        self.push(&format!("NAME {}", quote_identifier(&name)));
    }

    /// Arguments of any type: texts stand as they were written.
    fn xml_values(&mut self, xml: &'a XmlExpr) -> Result<()> {
        for (at, arg) in xml.args.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.expr(arg, true)?;
        }
        Ok(())
    }

    fn xml_named_values(&mut self, xml: &'a XmlExpr) -> Result<()> {
        for (at, (name, arg)) in xml.named.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.expr(arg, true)?;
            let name = names::to_sql(name);
            self.push(&format!(" AS {}", quote_identifier(&name)));
        }
        Ok(())
    }

    fn root(&mut self, xml: &'a XmlExpr, standalone: XmlStandalone) -> Result<()> {
        let mut args = xml.args.iter();
        if let Some(value) = args.next() {
            self.expr(value, true)?;
        }
        self.push(", VERSION ");
        match args.next() {
            Some(Expr::Const(constant)) if !constant.value.is_null() => {
                self.constant(constant, Label::IfNeeded)?;
            }
            Some(version) if !version.is_null_const() => self.expr(version, true)?,
            _ => self.push("NO VALUE"),
        }
        self.push(match standalone {
            XmlStandalone::Yes => ", STANDALONE YES",
            XmlStandalone::No => ", STANDALONE NO",
            XmlStandalone::NoValue => ", STANDALONE NO VALUE",
            XmlStandalone::Omitted => "",
        });
        Ok(())
    }

    /// Pretty output has its argument in parentheses, whatever it is.
    fn is_document(&mut self, xml: &'a XmlExpr) -> Result<()> {
        let Some(arg) = xml.args.first() else { return Ok(()) };
        if self.pretty {
            self.push("(");
        }
        self.expr(arg, false)?;
        if self.pretty {
            self.push(")");
        }
        self.push(" IS DOCUMENT");
        Ok(())
    }
}

fn kind(document: bool) -> &'static str {
    if document { "DOCUMENT " } else { "CONTENT " }
}
