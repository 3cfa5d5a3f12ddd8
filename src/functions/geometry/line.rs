//! `line`.

use super::super::Implementation::{self, Scalar};
use super::{nearest_point, of_one, of_two};
use crate::error::{PgError, Result, code};
use crate::types::geometry::number::{divide, hypotenuse, is_zero, multiply, same, subtract};
use crate::types::geometry::{Line, Point, Segment};

fn between(a: Point, b: Point) -> Result<Line> {
    Line::through(a, b)?.ok_or_else(|| {
        let message = "invalid line specification: must be two distinct points";
        PgError::new(code::INVALID_PARAMETER_VALUE, message)
    })
}

fn meet(a: Line, b: Line) -> Result<bool> {
    Ok(a.meets(b)?.is_some())
}

fn are_perpendicular(a: Line, b: Line) -> Result<bool> {
    // A horizontal line is perpendicular to vertical ones, and the reverse.
    for (this, other) in [(a.a, b.b), (b.a, a.b), (a.b, b.a), (b.b, a.a)] {
        if is_zero(this) {
            return Ok(is_zero(other));
        }
    }
    Ok(same(divide(multiply(a.a, b.a)?, multiply(a.b, b.b)?)?, -1.0))
}

/// Whether equations are multiples of each other.
fn are_same(a: Line, b: Line) -> Result<bool> {
    let (a, b) = ([a.a, a.b, a.c], [b.a, b.b, b.c]);
    if a.iter().chain(&b).any(|v| v.is_nan()) {
        return Ok(a.iter().zip(&b).all(|(a, b)| a == b || a.is_nan() && b.is_nan()));
    }
    let ratio = match (0..3).find(|i| !is_zero(b[*i])) {
        Some(i) => divide(a[i], b[i])?,
        None => 1.0,
    };
    for (a, b) in a.into_iter().zip(b) {
        if !same(a, multiply(ratio, b)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn distance(a: Line, b: Line) -> Result<f64> {
    if meet(a, b)? {
        return Ok(0.0);
    }
    let usable = |v: f64| !is_zero(v) && !v.is_nan();
    let ratio = match () {
        () if usable(a.a) && usable(b.a) => divide(a.a, b.a)?,
        () if usable(a.b) && usable(b.b) => divide(a.b, b.b)?,
        () => 1.0,
    };
    let apart = subtract(a.c, multiply(ratio, b.c)?)?.abs();
    divide(apart, hypotenuse(a.a, a.b)?)
}

fn distance_to_point(line: Line, point: Point) -> Result<f64> {
    Ok(line.nearest(point)?.1)
}

fn distance_to_segment(line: Line, segment: Segment) -> Result<f64> {
    Ok(segment.nearest_to_line(line)?.1)
}

/// The segment's point nearest to the line; NULL where they are parallel.
fn nearest_on_segment(line: Line, segment: Segment) -> Result<Option<Point>> {
    if segment.slope()? == line.slope()? {
        return Ok(None);
    }
    segment.nearest_to_line(line).map(nearest_point)
}

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("line_construct_pp", of_two!(between)),
    ("line_intersect", of_two!(meet)),
    ("line_parallel", of_two!(|a: Line, b: Line| meet(a, b).map(|meet| !meet))),
    ("line_perp", of_two!(are_perpendicular)),
    ("line_vertical", of_one!(|line: Line| is_zero(line.b))),
    ("line_horizontal", of_one!(|line: Line| is_zero(line.a))),
    ("line_eq", of_two!(are_same)),
    ("line_distance", of_two!(distance)),
    ("line_interpt", of_two!(|a: Line, b: Line| a.meets(b))),
    ("dist_lp", of_two!(distance_to_point)),
    ("dist_pl", of_two!(|point: Point, line: Line| distance_to_point(line, point))),
    ("dist_ls", of_two!(distance_to_segment)),
    ("dist_sl", of_two!(|segment: Segment, line: Line| distance_to_segment(line, segment))),
    ("close_pl", of_two!(|point: Point, line: Line| line.nearest(point).map(nearest_point))),
    ("close_ls", of_two!(nearest_on_segment)),
    ("on_pl", of_two!(|point: Point, line: Line| line.contains(point))),
    (
        "on_sl",
        of_two!(|segment: Segment, line: Line| -> Result<bool> {
            Ok(line.contains(segment.start)? && line.contains(segment.end)?)
        }),
    ),
    (
        "inter_sl",
        of_two!(|segment: Segment, line: Line| segment.meets_line(line).map(|at| at.is_some())),
    ),
];
