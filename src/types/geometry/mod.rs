//! `point`, `lseg`, `box`, `line`, `circle`, `path`, `polygon`.
//!
//! A value is held as its binary form: the coordinates as big-endian floats, after the number of points
//! where that varies, and for a path after whether it is closed. None of these types has an order.

mod lines;
pub mod number;
mod text;

pub use lines::nearest_of;
pub use text::{text_in, text_out};

use super::float::compare_f64;
use super::input::Reader;
use super::{Datum, Oid, oids};
use crate::error::{PgError, Result, code};

/// Coordinates that differ by no more are the same.
pub const EPSILON: f64 = 1.0e-06;

/// Whether values of the type are shapes.
pub fn is_shape(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::POINT
            | oids::LSEG
            | oids::BOX
            | oids::LINE
            | oids::CIRCLE
            | oids::PATH
            | oids::POLYGON
    )
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// `lseg`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    pub start: Point,
    pub end: Point,
}

/// `box`: its upper right and lower left corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rectangle {
    pub high: Point,
    pub low: Point,
}

/// The points of `ax + by + c = 0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub a: f64,
    pub b: f64,
    pub c: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    pub center: Point,
    pub radius: f64,
}

/// At least one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub closed: bool,
    pub points: Vec<Point>,
}

/// At least one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    pub points: Vec<Point>,
}

impl Rectangle {
    /// The box of which two points are opposite corners.
    pub fn between(a: Point, b: Point) -> Rectangle {
        let order = |a: f64, b: f64| if compare_f64(a, b).is_gt() { (a, b) } else { (b, a) };
        let ((high_x, low_x), (high_y, low_y)) = (order(a.x, b.x), order(a.y, b.y));
        Rectangle { high: Point { x: high_x, y: high_y }, low: Point { x: low_x, y: low_y } }
    }
}

/// A shape's binary form.
pub trait Shape: Sized {
    /// Reads it; 22P03 where no such shape exists.
    fn receive(reader: &mut Reader<'_>) -> Result<Self>;
    fn send(&self, out: &mut Vec<u8>);

    /// The shape that a datum is.
    fn of(value: &Datum) -> Self {
        let mut reader = Reader(value.as_bytea());
        Self::receive(&mut reader).expect("a held shape is in its binary form")
    }

    fn datum(&self) -> Datum {
        let mut held = Vec::new();
        self.send(&mut held);
        Datum::bytea(held)
    }
}

fn invalid(message: &str) -> PgError {
    PgError::new(code::INVALID_BINARY_REPRESENTATION, message.to_owned())
}

fn float(reader: &mut Reader<'_>) -> Result<f64> {
    reader.array().map(f64::from_be_bytes)
}

fn put(values: &[f64], out: &mut Vec<u8>) {
    values.iter().for_each(|value| out.extend_from_slice(&value.to_be_bytes()));
}

impl Shape for Point {
    fn receive(reader: &mut Reader<'_>) -> Result<Point> {
        Ok(Point { x: float(reader)?, y: float(reader)? })
    }

    fn send(&self, out: &mut Vec<u8>) {
        put(&[self.x, self.y], out);
    }
}

impl Shape for Segment {
    fn receive(reader: &mut Reader<'_>) -> Result<Segment> {
        Ok(Segment { start: Point::receive(reader)?, end: Point::receive(reader)? })
    }

    fn send(&self, out: &mut Vec<u8>) {
        self.start.send(out);
        self.end.send(out);
    }
}

impl Shape for Rectangle {
    fn receive(reader: &mut Reader<'_>) -> Result<Rectangle> {
        let (high, low) = (Point::receive(reader)?, Point::receive(reader)?);
        Ok(Rectangle::between(high, low))
    }

    fn send(&self, out: &mut Vec<u8>) {
        self.high.send(out);
        self.low.send(out);
    }
}

impl Shape for Line {
    fn receive(reader: &mut Reader<'_>) -> Result<Line> {
        let line = Line { a: float(reader)?, b: float(reader)?, c: float(reader)? };
        if line.is_nowhere() {
            return Err(invalid("invalid line specification: A and B cannot both be zero"));
        }
        Ok(line)
    }

    fn send(&self, out: &mut Vec<u8>) {
        put(&[self.a, self.b, self.c], out);
    }
}

impl Line {
    /// Whether the equation says nothing of the coordinates.
    fn is_nowhere(&self) -> bool {
        self.a.abs() <= EPSILON && self.b.abs() <= EPSILON
    }
}

impl Shape for Circle {
    fn receive(reader: &mut Reader<'_>) -> Result<Circle> {
        let circle = Circle { center: Point::receive(reader)?, radius: float(reader)? };
        if circle.radius < 0.0 {
            return Err(invalid("invalid radius in external \"circle\" value"));
        }
        Ok(circle)
    }

    fn send(&self, out: &mut Vec<u8>) {
        self.center.send(out);
        put(&[self.radius], out);
    }
}

/// PostgreSQL's most points: those of a value of 2 GiB, for which it never has room.
const POINTS_END: i32 = 134_217_726;

fn points(reader: &mut Reader<'_>, type_name: &str) -> Result<Vec<Point>> {
    let count = reader.i32()?;
    if !(1..POINTS_END).contains(&count) {
        let message = format!("invalid number of points in external \"{type_name}\" value");
        return Err(invalid(&message));
    }
    (0..count).map(|_| Point::receive(reader)).collect()
}

fn send_points(points: &[Point], out: &mut Vec<u8>) {
    let count = i32::try_from(points.len()).expect("values are below 1 GiB");
    out.extend_from_slice(&count.to_be_bytes());
    points.iter().for_each(|point| point.send(out));
}

impl Shape for Path {
    fn receive(reader: &mut Reader<'_>) -> Result<Path> {
        let closed = reader.array::<1>()?[0] != 0;
        Ok(Path { closed, points: points(reader, "path")? })
    }

    fn send(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.closed));
        send_points(&self.points, out);
    }
}

impl Shape for Polygon {
    fn receive(reader: &mut Reader<'_>) -> Result<Polygon> {
        Ok(Polygon { points: points(reader, "polygon")? })
    }

    fn send(&self, out: &mut Vec<u8>) {
        send_points(&self.points, out);
    }
}

/// Reads the binary form of a shape of a type.
pub fn binary_in(type_oid: Oid, reader: &mut Reader<'_>) -> Result<Datum> {
    Ok(match type_oid {
        oids::POINT => Point::receive(reader)?.datum(),
        oids::LSEG => Segment::receive(reader)?.datum(),
        oids::BOX => Rectangle::receive(reader)?.datum(),
        oids::LINE => Line::receive(reader)?.datum(),
        oids::CIRCLE => Circle::receive(reader)?.datum(),
        oids::PATH => Path::receive(reader)?.datum(),
        _ => Polygon::receive(reader)?.datum(),
    })
}
