//! The text of shapes: points `(x,y)`, in a row for what is made of several, with parentheses or brackets
//! around all of them where one likes.

use super::{Circle, Line, Path, Point, Polygon, Rectangle, Segment, Shape};
use crate::error::{PgError, Result, code};
use crate::types::input::{invalid_input, is_space};
use crate::types::{Datum, Format, Oid, float, oids};

/// What is left of a shape's text, and what it is for the error.
struct Parser<'a> {
    type_name: &'static str,
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn new(type_name: &'static str, text: &'a str) -> Parser<'a> {
        Parser { type_name, whole: text, rest: text }
    }

    fn failed(&self) -> PgError {
        invalid_input(self.type_name, self.whole)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    fn take(&mut self, c: char) -> bool {
        self.rest.strip_prefix(c).map(|rest| self.rest = rest).is_some()
    }

    fn expect(&mut self, c: char) -> Result<()> {
        if self.take(c) { Ok(()) } else { Err(self.failed()) }
    }

    fn end(&self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.failed()) }
    }

    /// A number, and the blanks around it.
    fn number(&mut self) -> Result<f64> {
        self.skip_blanks();
        let length = number_length(self.rest);
        if length == 0 {
            return Err(self.failed());
        }
        let (number, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.skip_blanks();
        float::parse_f64(number)
    }

    /// `(x,y)` or `x,y`.
    fn point(&mut self) -> Result<Point> {
        self.skip_blanks();
        let enclosed = self.take('(');
        let x = self.number()?;
        self.expect(',')?;
        let y = self.number()?;
        if enclosed {
            self.expect(')')?;
            self.skip_blanks();
        }
        Ok(Point { x, y })
    }

    /// Points, and whether brackets are around them, which make a path an open one.
    fn points(&mut self, count: usize, may_be_open: bool) -> Result<(Vec<Point>, bool)> {
        self.skip_blanks();
        let mut depth = 0;
        let open = self.rest.starts_with('[');
        if open {
            if !may_be_open {
                return Err(self.failed());
            }
            self.take('[');
            depth = 1;
        } else if let Some(inner) = self.rest.strip_prefix('(') {
            let inner = inner.trim_start_matches(is_space);
            // The first parenthesis is around all points if another follows, or none.
            if inner.starts_with('(') || self.rest.rfind('(') == Some(0) {
                self.rest = inner;
                depth = 1;
            }
        }
        let mut points = Vec::new();
        for _ in 0..count {
            points.push(self.point()?);
            self.take(',');
        }
        if depth > 0 {
            let closed = self.take(')') || open && self.take(']');
            if !closed {
                return Err(self.failed());
            }
            self.skip_blanks();
        }
        Ok((points, open))
    }

    fn two_points(&mut self, may_be_open: bool) -> Result<[Point; 2]> {
        let (points, _) = self.points(2, may_be_open)?;
        self.end()?;
        Ok([points[0], points[1]])
    }
}

/// Bytes of the number that a text begins with.
fn number_length(text: &str) -> usize {
    let unsigned = text.trim_start_matches(['+', '-']);
    let sign = text.len() - unsigned.len();
    if sign > 1 {
        return 0;
    }
    for word in ["infinity", "inf", "nan"] {
        if unsigned.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) {
            return sign + word.len();
        }
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(unsigned);
    let mut length = whole;
    if let Some(fraction) = unsigned[length..].strip_prefix('.') {
        let fraction = digits(fraction);
        if whole + fraction > 0 {
            length += 1 + fraction;
        }
    }
    if length == 0 {
        return 0;
    }
    if let Some(exponent) = unsigned[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        let digits = digits(&exponent[sign..]);
        if digits > 0 {
            length += 1 + sign + digits;
        }
    }
    sign + length
}

/// How many points a text has by its commas, of which each but the last two has one before it and one in
/// it; `None`: no number of points has so many.
fn point_count(text: &str) -> Option<usize> {
    let commas = text.matches(',').count();
    (commas % 2 == 1).then_some(commas.div_ceil(2))
}

/// Reads a shape of a type.
pub fn text_in(type_oid: Oid, text: &str) -> Result<Datum> {
    Ok(match type_oid {
        oids::POINT => {
            let mut parser = Parser::new("point", text);
            let point = parser.point()?;
            parser.end()?;
            point.datum()
        }
        oids::LSEG => {
            let [start, end] = Parser::new("lseg", text).two_points(true)?;
            Segment { start, end }.datum()
        }
        oids::BOX => {
            let [high, low] = Parser::new("box", text).two_points(false)?;
            Rectangle::between(high, low).datum()
        }
        oids::LINE => line(text)?.datum(),
        oids::CIRCLE => circle(text)?.datum(),
        oids::PATH => path(text)?.datum(),
        _ => polygon(text)?.datum(),
    })
}

fn line(text: &str) -> Result<Line> {
    let invalid = |message: &str| {
        let message = format!("invalid line specification: {message}");
        PgError::new(code::INVALID_TEXT_REPRESENTATION, message)
    };
    let mut parser = Parser::new("line", text);
    parser.skip_blanks();
    if !parser.take('{') {
        let [a, b] = parser.two_points(true)?;
        return Line::through(a, b)?.ok_or_else(|| invalid("must be two distinct points"));
    }
    let a = parser.number()?;
    parser.expect(',')?;
    let b = parser.number()?;
    parser.expect(',')?;
    let c = parser.number()?;
    parser.expect('}')?;
    parser.skip_blanks();
    parser.end()?;
    let line = Line { a, b, c };
    if line.is_nowhere() {
        return Err(invalid("A and B cannot both be zero"));
    }
    Ok(line)
}

fn circle(text: &str) -> Result<Circle> {
    let mut parser = Parser::new("circle", text);
    parser.skip_blanks();
    let angle = parser.take('<');
    let mut enclosed = angle;
    if !angle && let Some(inner) = parser.rest.strip_prefix('(') {
        let inner = inner.trim_start_matches(is_space);
        if inner.starts_with('(') {
            parser.rest = inner;
            enclosed = true;
        }
    }
    let center = parser.point()?;
    parser.take(',');
    let radius = parser.number()?;
    if radius < 0.0 {
        return Err(parser.failed());
    }
    if enclosed {
        if !parser.take(')') {
            parser.expect('>')?;
        }
        parser.skip_blanks();
    }
    parser.end()?;
    Ok(Circle { center, radius })
}

fn path(text: &str) -> Result<Path> {
    let mut parser = Parser::new("path", text);
    let count = point_count(text).ok_or_else(|| parser.failed())?;
    parser.skip_blanks();
    let enclosed = parser.rest.rfind('(') == Some(0);
    if enclosed {
        parser.take('(');
    }
    let (points, open) = parser.points(count, true)?;
    if enclosed {
        parser.expect(')')?;
        parser.skip_blanks();
    }
    parser.end()?;
    Ok(Path { closed: !open, points })
}

fn polygon(text: &str) -> Result<Polygon> {
    let mut parser = Parser::new("polygon", text);
    let count = point_count(text).ok_or_else(|| parser.failed())?;
    let (points, _) = parser.points(count, false)?;
    parser.end()?;
    Ok(Polygon { points })
}

/// Appends the text of a shape of a type.
pub fn text_out(type_oid: Oid, value: &Datum, format: &Format, out: &mut Vec<u8>) {
    let write = |v: f64, out: &mut Vec<u8>| float::write_f64(v, format.extra_float_digits, out);
    let point = |point: Point, out: &mut Vec<u8>| {
        out.push(b'(');
        write(point.x, out);
        out.push(b',');
        write(point.y, out);
        out.push(b')');
    };
    let row = |points: &[Point], out: &mut Vec<u8>| {
        for (i, one) in points.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            point(*one, out);
        }
    };
    let within = |[left, right]: [u8; 2], points: &[Point], out: &mut Vec<u8>| {
        out.push(left);
        row(points, out);
        out.push(right);
    };
    match type_oid {
        oids::POINT => point(Point::of(value), out),
        oids::LSEG => {
            let Segment { start, end } = Segment::of(value);
            within(*b"[]", &[start, end], out);
        }
        oids::BOX => {
            let Rectangle { high, low } = Rectangle::of(value);
            row(&[high, low], out);
        }
        oids::LINE => {
            let Line { a, b, c } = Line::of(value);
            for (before, number) in [(b'{', a), (b',', b), (b',', c)] {
                out.push(before);
                write(number, out);
            }
            out.push(b'}');
        }
        oids::CIRCLE => {
            let Circle { center, radius } = Circle::of(value);
            out.push(b'<');
            point(center, out);
            out.push(b',');
            write(radius, out);
            out.push(b'>');
        }
        oids::PATH => {
            let path = Path::of(value);
            within(if path.closed { *b"()" } else { *b"[]" }, &path.points, out);
        }
        _ => within(*b"()", &Polygon::of(value).points, out),
    }
}
