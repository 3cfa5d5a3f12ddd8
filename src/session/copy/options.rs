//! COPY's options and the rules between them (manual, COPY, "Parameters").

use crate::error::{PgError, Result, SqlState, code};
use crate::session::settings::parse_bool;
use crate::types::Charset;
use pg_raw_parse::{ConstValue, Node, nodes};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Csv,
    Binary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    None,
    Present,
    /// Must name the columns copied, in order.
    Match,
}

/// The columns that FORCE_QUOTE and its kin name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    None,
    All,
    Named(Vec<String>),
}

#[derive(Debug)]
pub(super) struct Options {
    pub format: Format,
    pub delimiter: u8,
    pub null: String,
    pub header: Header,
    pub quote: u8,
    pub escape: u8,
    pub force_quote: Columns,
    pub force_not_null: Columns,
    pub force_null: Columns,
    pub freeze: bool,
    /// `None`: the client's.
    pub encoding: Option<Charset>,
}

/// The options as given, before defaults.
#[derive(Default)]
struct Given {
    format: Option<Format>,
    delimiter: Option<String>,
    null: Option<String>,
    header: Option<Header>,
    quote: Option<String>,
    escape: Option<String>,
    force_quote: Option<Columns>,
    force_not_null: Option<Columns>,
    force_null: Option<Columns>,
    freeze: Option<bool>,
    encoding: Option<Charset>,
}

impl Options {
    pub(super) fn read(copy: &nodes::CopyStmt) -> Result<Options> {
        let mut given = Given::default();
        for option in copy.options() {
            given.add(option, copy.is_from)?;
        }
        let options = given.check(copy.is_from)?;
        Ok(options)
    }
}

impl Given {
    fn add(&mut self, option: &nodes::DefElem, is_from: bool) -> Result<()> {
        let name = option.defname().unwrap_or_default();
        let at = |e: PgError| e.at(option.location);
        match name {
            "format" => set(&mut self.format, read_format(&text(option)?).map_err(at)?),
            "delimiter" => set(&mut self.delimiter, text(option)?),
            "null" => set(&mut self.null, text(option)?),
            "header" => set(&mut self.header, header(option, is_from)?),
            "quote" => set(&mut self.quote, text(option)?),
            "escape" => set(&mut self.escape, text(option)?),
            "force_quote" => set(&mut self.force_quote, columns(option, true)?),
            "force_not_null" => set(&mut self.force_not_null, columns(option, false)?),
            "force_null" => set(&mut self.force_null, columns(option, false)?),
            "freeze" => set(&mut self.freeze, boolean(option)?),
            "encoding" => set(&mut self.encoding, encoding(&text(option)?).map_err(at)?),
            _ => Err(at(syntax(format!("option \"{name}\" not recognized")))),
        }
        .map_err(|e| if e.message().starts_with("conflicting") { at(e) } else { e })
    }

    /// PostgreSQL's checks, in its order.
    fn check(self, is_from: bool) -> Result<Options> {
        let format = self.format.unwrap_or(Format::Text);
        let csv = format == Format::Csv;
        if format == Format::Binary {
            self.check_binary()?;
        }
        let default_delimiter = if csv { "," } else { "\t" };
        let default_null = if csv { "" } else { "\\N" };
        let delimiter = self.delimiter.clone().unwrap_or_else(|| default_delimiter.to_owned());
        let null = self.null.clone().unwrap_or_else(|| default_null.to_owned());
        let delimiter = check_delimiter(&delimiter, &null, csv)?;
        if format == Format::Binary && self.header.is_some_and(|h| h != Header::None) {
            return Err(unsupported("cannot specify HEADER in BINARY mode"));
        }
        let (quote, escape) = self.check_quotes(csv, delimiter)?;
        self.check_forced(csv, is_from)?;
        if null.as_bytes().contains(&delimiter) && format != Format::Binary {
            return Err(unsupported("COPY delimiter must not appear in the NULL specification"));
        }
        if csv && null.as_bytes().contains(&quote) {
            return Err(unsupported(
                "CSV quote character must not appear in the NULL specification",
            ));
        }
        Ok(Options {
            format,
            delimiter,
            null,
            header: self.header.unwrap_or(Header::None),
            quote,
            escape,
            force_quote: self.force_quote.unwrap_or(Columns::None),
            force_not_null: self.force_not_null.unwrap_or(Columns::None),
            force_null: self.force_null.unwrap_or(Columns::None),
            freeze: self.freeze.unwrap_or(false),
            encoding: self.encoding,
        })
    }

    fn check_binary(&self) -> Result<()> {
        if self.delimiter.is_some() {
            return Err(syntax("cannot specify DELIMITER in BINARY mode"));
        }
        if self.null.is_some() {
            return Err(syntax("cannot specify NULL in BINARY mode"));
        }
        Ok(())
    }

    fn check_quotes(&self, csv: bool, delimiter: u8) -> Result<(u8, u8)> {
        if !csv && self.quote.is_some() {
            return Err(unsupported("COPY quote available only in CSV mode"));
        }
        let quote = one_byte(self.quote.as_deref().unwrap_or("\""))
            .ok_or_else(|| unsupported("COPY quote must be a single one-byte character"))?;
        if csv && quote == delimiter {
            return Err(invalid("COPY delimiter and quote must be different"));
        }
        if !csv && self.escape.is_some() {
            return Err(unsupported("COPY escape available only in CSV mode"));
        }
        let escape = match &self.escape {
            None => quote,
            Some(text) => one_byte(text)
                .ok_or_else(|| unsupported("COPY escape must be a single one-byte character"))?,
        };
        Ok((quote, escape))
    }

    fn check_forced(&self, csv: bool, is_from: bool) -> Result<()> {
        let rules = [
            ("force quote", self.force_quote.is_some(), false),
            ("force not null", self.force_not_null.is_some(), true),
            ("force null", self.force_null.is_some(), true),
        ];
        for (name, given, for_from) in rules {
            if given && !csv {
                return Err(unsupported(format!("COPY {name} available only in CSV mode")));
            }
            if given && for_from != is_from {
                let direction = if for_from { "COPY FROM" } else { "COPY TO" };
                return Err(unsupported(format!("COPY {name} only available using {direction}")));
            }
        }
        Ok(())
    }
}

fn check_delimiter(delimiter: &str, null: &str, csv: bool) -> Result<u8> {
    let byte = one_byte(delimiter)
        .ok_or_else(|| unsupported("COPY delimiter must be a single one-byte character"))?;
    if matches!(byte, b'\n' | b'\r') {
        return Err(invalid("COPY delimiter cannot be newline or carriage return"));
    }
    if null.contains(['\n', '\r']) {
        let message = "COPY null representation cannot use newline or carriage return";
        return Err(invalid(message));
    }
    // Each of these would be read as part of an escape or of the end marker.
    if !csv && b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&byte) {
        return Err(invalid(format!("COPY delimiter cannot be \"{delimiter}\"")));
    }
    Ok(byte)
}

fn set<T>(slot: &mut Option<T>, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(syntax("conflicting or redundant options")),
    }
}

fn read_format(text: &str) -> Result<Format> {
    match text {
        "text" => Ok(Format::Text),
        "csv" => Ok(Format::Csv),
        "binary" => Ok(Format::Binary),
        _ => Err(invalid(format!("COPY format \"{text}\" not recognized"))),
    }
}

fn header(option: &nodes::DefElem, is_from: bool) -> Result<Header> {
    if matches!(option.arg(), Node::None) {
        return Ok(Header::Present);
    }
    let value = text(option)?;
    if value.eq_ignore_ascii_case("match") {
        return match is_from {
            true => Ok(Header::Match),
            false => Err(unsupported("cannot use \"match\" with HEADER in COPY TO")),
        };
    }
    match parse_bool(&value) {
        Some(true) => Ok(Header::Present),
        Some(false) => Ok(Header::None),
        None => Err(syntax("header requires a Boolean value or \"match\"")),
    }
}

fn boolean(option: &nodes::DefElem) -> Result<bool> {
    if matches!(option.arg(), Node::None) {
        return Ok(true);
    }
    let name = option.defname().unwrap_or_default();
    parse_bool(&text(option)?).ok_or_else(|| syntax(format!("{name} requires a Boolean value")))
}

fn encoding(name: &str) -> Result<Charset> {
    let message = "argument to option \"encoding\" must be a valid encoding name";
    let charset = Charset::named(name).ok_or_else(|| invalid(message))?;
    charset.check_supported()?;
    Ok(charset)
}

/// An option's value as text, whatever it was written as.
fn text(option: &nodes::DefElem) -> Result<String> {
    let missing = || {
        let name = option.defname().unwrap_or_default();
        syntax(format!("{name} requires a parameter"))
    };
    match option.arg() {
        Node::String(s) => Ok(s.sval().unwrap_or_default().to_owned()),
        Node::Integer(n) => Ok(n.ival.to_string()),
        Node::Float(f) => Ok(f.fval().unwrap_or_default().to_owned()),
        Node::Boolean(b) => Ok(b.boolval.to_string()),
        Node::A_Const(c) => match c.val() {
            Some(ConstValue::String(text)) => Ok(text.to_owned()),
            _ => Err(missing()),
        },
        Node::TypeName(t) => {
            let name = t.names().iter().next_back().and_then(|name| name.sval());
            Ok(name.unwrap_or_default().to_owned())
        }
        _ => Err(missing()),
    }
}

fn columns(option: &nodes::DefElem, all_allowed: bool) -> Result<Columns> {
    match option.arg() {
        Node::A_Star(_) if all_allowed => Ok(Columns::All),
        Node::NodeList(names) => Ok(Columns::Named(
            names.iter().filter_map(|name| name.as_str()).map(str::to_owned).collect(),
        )),
        _ => {
            let name = option.defname().unwrap_or_default();
            let message = format!("argument to option \"{name}\" must be a list of column names");
            Err(invalid(message).at(option.location))
        }
    }
}

fn one_byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    }
}

type Message = std::borrow::Cow<'static, str>;

fn error(code: SqlState, message: impl Into<Message>) -> PgError {
    PgError::new(code, message)
}

fn syntax(message: impl Into<Message>) -> PgError {
    error(code::SYNTAX_ERROR, message)
}

fn invalid(message: impl Into<Message>) -> PgError {
    error(code::INVALID_PARAMETER_VALUE, message)
}

fn unsupported(message: impl Into<Message>) -> PgError {
    error(code::FEATURE_NOT_SUPPORTED, message)
}
