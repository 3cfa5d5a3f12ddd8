//! `concat`, `concat_ws`, `format`, `num_nulls`: functions of any number of arguments of any type.
//!
//! They may be called with `VARIADIC array`, which supplies the arguments ([`Arguments`]).

use super::Implementation::{self, Scalar};
use super::quote::{quote_identifier, quote_literal};
use super::text::count;
use super::{Ctx, output};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Oid, oids};

/// The variadic arguments after the first `skip`, each with its type.
struct Arguments<'a>(Vec<(Oid, &'a Datum)>);

impl<'a> Arguments<'a> {
    /// `None`: VARIADIC NULL.
    fn collect(ctx: &Ctx<'_>, args: &'a [Datum], skip: usize) -> Option<Arguments<'a>> {
        if !ctx.variadic {
            let types = ctx.arg_types.iter().copied().skip(skip);
            return Some(Arguments(types.zip(&args[skip..]).collect()));
        }
        match args.last()? {
            Datum::Null => None,
            array => {
                let array = array.as_array();
                let pair = |element| (array.element_type, element);
                Some(Arguments(array.elements.iter().map(pair).collect()))
            }
        }
    }

    /// Texts of those that are not NULL.
    fn texts(&self, ctx: &Ctx<'_>) -> Result<Vec<String>> {
        let present = self.0.iter().filter(|(_, value)| !value.is_null());
        present.map(|&(type_oid, value)| output(ctx.env, type_oid, value)).collect()
    }
}

fn concat(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    match Arguments::collect(ctx, a, 0) {
        Some(arguments) => Ok(Datum::text(arguments.texts(ctx)?.concat())),
        None => Ok(Datum::Null),
    }
}

fn concat_ws(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let Datum::Text(separator) = &a[0] else {
        return Ok(Datum::Null);
    };
    match Arguments::collect(ctx, a, 1) {
        Some(arguments) => Ok(Datum::text(arguments.texts(ctx)?.join(separator))),
        None => Ok(Datum::Null),
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

fn unterminated() -> PgError {
    invalid("unterminated format() type specifier").hint("For a single \"%\" use \"%%\".")
}

/// Where a specifier's width comes from.
enum Width {
    None,
    Fixed(i32),
    /// `*` takes the next argument, `*n$` argument n.
    Argument(Option<usize>),
}

/// `%[position][flags][width]type` (manual, 9.4.1).
struct Specifier {
    position: Option<usize>,
    left: bool,
    width: Width,
    kind: u8,
}

/// Reads the specifiers of a format string.
struct Parser<'a> {
    rest: &'a [u8],
}

impl Parser<'_> {
    /// Digits, if any come next.
    fn digits(&mut self) -> Result<Option<i32>> {
        let mut number: Option<i32> = None;
        while let Some(&digit @ b'0'..=b'9') = self.rest.first() {
            let next = number.unwrap_or(0).checked_mul(10);
            let next = next.and_then(|n| n.checked_add(i32::from(digit - b'0')));
            number = Some(next.ok_or_else(|| {
                PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range")
            })?);
            self.advance()?;
        }
        Ok(number)
    }

    /// Past one byte; a specifier may not end there.
    fn advance(&mut self) -> Result<()> {
        self.rest = &self.rest[1..];
        if self.rest.is_empty() { Err(unterminated()) } else { Ok(()) }
    }

    fn next_is(&self, byte: u8) -> bool {
        self.rest.first() == Some(&byte)
    }

    fn argument_number(number: i32) -> Result<usize> {
        match usize::try_from(number) {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(invalid("format specifies argument 0, but arguments are numbered from 1")),
        }
    }

    /// After the `%`. Leaves the type byte as the last one read.
    fn specifier(&mut self) -> Result<Specifier> {
        if self.rest.is_empty() {
            return Err(unterminated());
        }
        let mut spec = Specifier { position: None, left: false, width: Width::None, kind: 0 };
        let leading = self.digits()?;
        match leading {
            Some(n) if self.next_is(b'$') => {
                spec.position = Some(Self::argument_number(n)?);
                self.advance()?;
            }
            Some(n) => spec.width = Width::Fixed(n),
            None => {}
        }
        if !matches!(spec.width, Width::Fixed(_)) {
            while self.next_is(b'-') {
                spec.left = true;
                self.advance()?;
            }
            spec.width = self.width()?;
        }
        spec.kind = self.rest[0];
        self.rest = &self.rest[1..];
        Ok(spec)
    }

    fn width(&mut self) -> Result<Width> {
        if !self.next_is(b'*') {
            return Ok(self.digits()?.map_or(Width::None, Width::Fixed));
        }
        self.advance()?;
        match self.digits()? {
            None => Ok(Width::Argument(None)),
            Some(n) if self.next_is(b'$') => {
                let n = Self::argument_number(n)?;
                self.advance()?;
                Ok(Width::Argument(Some(n)))
            }
            Some(_) => Err(invalid("width argument position must be ended by \"$\"")),
        }
    }
}

/// Takes arguments by number or in order.
struct Cursor<'a> {
    arguments: Vec<(Oid, &'a Datum)>,
    /// The argument last taken, from 1; the next unnumbered one follows it.
    last: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, position: Option<usize>) -> Result<(Oid, &'a Datum)> {
        self.last = position.unwrap_or(self.last + 1);
        let found = self.arguments.get(self.last - 1).copied();
        found.ok_or_else(|| invalid("too few arguments for format()"))
    }

    fn width(&mut self, ctx: &Ctx<'_>, width: &Width) -> Result<i32> {
        match width {
            Width::None => Ok(0),
            Width::Fixed(n) => Ok(*n),
            Width::Argument(position) => match self.take(*position)? {
                (_, Datum::Null) => Ok(0),
                (_, Datum::Int2(n)) => Ok((*n).into()),
                (_, Datum::Int4(n)) => Ok(*n),
                (type_oid, value) => {
                    let text = output(ctx.env, type_oid, value)?;
                    Ok(crate::types::text_in(oids::INT4, -1, &text, ctx.env.format())?.as_int4())
                }
            },
        }
    }
}

fn pad_to(out: &mut String, text: &str, width: i32, left: bool) {
    let missing = (width.unsigned_abs() as usize).saturating_sub(text.chars().count());
    let blanks = " ".repeat(missing);
    if left || width < 0 {
        out.extend([text, &blanks]);
    } else {
        out.extend([blanks.as_str(), text]);
    }
}

fn convert(ctx: &Ctx<'_>, kind: u8, type_oid: Oid, value: &Datum) -> Result<String> {
    if value.is_null() {
        return match kind {
            b's' => Ok(String::new()),
            b'L' => Ok("NULL".into()),
            _ => Err(PgError::new(
                code::NULL_VALUE_NOT_ALLOWED,
                "null values cannot be formatted as an SQL identifier",
            )),
        };
    }
    let text = output(ctx.env, type_oid, value)?;
    Ok(match kind {
        b'I' => quote_identifier(&text).into_owned(),
        b'L' => quote_literal(&text),
        _ => text,
    })
}

fn format(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let Datum::Text(template) = &a[0] else {
        return Ok(Datum::Null);
    };
    let arguments = Arguments::collect(ctx, a, 1).map_or_else(Vec::new, |found| found.0);
    let mut cursor = Cursor { arguments, last: 0 };
    let mut out = String::with_capacity(template.len());
    let mut rest: &str = template;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        rest = format_one(ctx, rest, &mut cursor, &mut out)?;
    }
    out.push_str(rest);
    Ok(Datum::text(out))
}

/// Handles the specifier at the start of `rest`; gives what follows it.
fn format_one<'a>(
    ctx: &Ctx<'_>,
    rest: &'a str,
    cursor: &mut Cursor<'_>,
    out: &mut String,
) -> Result<&'a str> {
    let mut parser = Parser { rest: rest.as_bytes() };
    let spec = parser.specifier()?;
    let consumed = rest.len() - parser.rest.len();
    if !matches!(spec.kind, b's' | b'I' | b'L') {
        let kind = rest[consumed - 1..].chars().next().unwrap_or('\u{FFFD}');
        return Err(invalid(format!("unrecognized format() type specifier \"{kind}\""))
            .hint("For a single \"%\" use \"%%\"."));
    }
    let width = cursor.width(ctx, &spec.width)?;
    let (type_oid, value) = cursor.take(spec.position)?;
    super::text::check_length(out.len().saturating_add(width.unsigned_abs() as usize))?;
    pad_to(out, &convert(ctx, spec.kind, type_oid, value)?, width, spec.left);
    Ok(&rest[consumed..])
}

/// How many of the arguments are NULL, or are not.
fn count_nulls(ctx: &Ctx<'_>, a: &[Datum], wanted: bool) -> Result<Datum> {
    let Some(Arguments(arguments)) = Arguments::collect(ctx, a, 0) else {
        return Ok(Datum::Null);
    };
    Ok(count(arguments.iter().filter(|(_, value)| value.is_null() == wanted).count()))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_num_nulls", Scalar(|c, a| count_nulls(c, a, true))),
    ("pg_num_nonnulls", Scalar(|c, a| count_nulls(c, a, false))),
    ("text_concat", Scalar(concat)),
    ("text_concat_ws", Scalar(concat_ws)),
    ("text_format", Scalar(format)),
    ("text_format_nv", Scalar(format)),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{call_typed, t};
    use crate::types::{Datum, oids};

    fn format(args: &[Datum]) -> Result<String, (String, String)> {
        let types = vec![oids::TEXT; args.len()];
        match call_typed("text_format", args, &types) {
            Ok(value) => Ok(value.as_text().to_owned()),
            Err(e) => Err((e.code().as_str().to_owned(), e.message().to_owned())),
        }
    }

    #[test]
    fn format_takes_arguments_in_order_or_by_number() {
        let abc = |f| format(&[t(f), t("a b"), t("c"), t("d")]).unwrap();
        assert_eq!(abc("%s %I %L %%"), "a b c 'd' %");
        assert_eq!(abc("%2$s %1$-5s|%-3s|%3s"), "c a b  |c  |  d");
        assert_eq!(abc("%1$I"), "\"a b\"");
        assert_eq!(format(&[t("%L"), Datum::Null]).unwrap(), "NULL");
    }

    #[test]
    fn format_names_what_is_wrong() {
        let message = |f| format(&[t(f), t("x")]).unwrap_err();
        assert_eq!(message("%d").1, "unrecognized format() type specifier \"d\"");
        assert_eq!(message("%s%s").1, "too few arguments for format()");
        assert_eq!(message("%").1, "unterminated format() type specifier");
        assert_eq!(message("%1$").1, "unterminated format() type specifier");
        assert_eq!(message("%é").1, "unrecognized format() type specifier \"é\"");
        assert_eq!(
            message("%0$s").1,
            "format specifies argument 0, but arguments are numbered from 1"
        );
    }
}
