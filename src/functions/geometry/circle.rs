//! `circle`. Its order is by area.

use super::super::Implementation::{self, Scalar};
use super::polygon::distance_to_point as distance_of_polygon;
use super::{of_one, of_two};
use crate::error::{PgError, Result, code};
use crate::types::geometry::number::{
    above, add, at_least, at_most, below, differ, divide, hypotenuse, is_zero, multiply, same,
    subtract,
};
use crate::types::geometry::{Circle, Point, Polygon, Rectangle};
use std::f64::consts::PI;

/// Points of the polygon that a circle becomes unasked.
const POLYGON_POINTS: i32 = 12;
/// PostgreSQL's most: those of a value of 2 GiB.
const POINTS_MAX: i32 = 134_217_725;

fn area(circle: Circle) -> Result<f64> {
    multiply(multiply(circle.radius, circle.radius)?, PI)
}

fn by_area(a: Circle, b: Circle, holds: fn(f64, f64) -> bool) -> Result<bool> {
    Ok(holds(area(a)?, area(b)?))
}

fn are_same(a: Circle, b: Circle) -> bool {
    let radii = a.radius.is_nan() && b.radius.is_nan() || same(a.radius, b.radius);
    radii && a.center.is_same(b.center)
}

fn right(circle: Circle) -> Result<f64> {
    add(circle.center.x, circle.radius)
}

fn left(circle: Circle) -> Result<f64> {
    subtract(circle.center.x, circle.radius)
}

fn top(circle: Circle) -> Result<f64> {
    add(circle.center.y, circle.radius)
}

fn bottom(circle: Circle) -> Result<f64> {
    subtract(circle.center.y, circle.radius)
}

type Edge = fn(Circle) -> Result<f64>;

/// A comparison of an edge of one circle with an edge of another.
fn by_edge(
    (a, a_edge): (Circle, Edge),
    holds: fn(f64, f64) -> bool,
    (b, b_edge): (Circle, Edge),
) -> Result<bool> {
    Ok(holds(a_edge(a)?, b_edge(b)?))
}

fn overlap(a: Circle, b: Circle) -> Result<bool> {
    Ok(at_most(a.center.distance(b.center)?, add(a.radius, b.radius)?))
}

fn contains(a: Circle, b: Circle) -> Result<bool> {
    Ok(at_most(a.center.distance(b.center)?, subtract(a.radius, b.radius)?))
}

fn contains_point(circle: Circle, point: Point) -> Result<bool> {
    Ok(circle.center.distance(point)? <= circle.radius)
}

/// A distance less what is inside; zero where that is more.
fn outside(distance: f64, inside: f64) -> Result<f64> {
    let result = subtract(distance, inside)?;
    Ok(if result < 0.0 { 0.0 } else { result })
}

fn distance(a: Circle, b: Circle) -> Result<f64> {
    outside(a.center.distance(b.center)?, add(a.radius, b.radius)?)
}

fn distance_to_point(circle: Circle, point: Point) -> Result<f64> {
    outside(point.distance(circle.center)?, circle.radius)
}

fn distance_to_polygon(circle: Circle, polygon: Polygon) -> Result<f64> {
    outside(distance_of_polygon(&polygon, circle.center)?, circle.radius)
}

fn moved(circle: Circle, center: Result<Point>) -> Result<Circle> {
    Ok(Circle { center: center?, ..circle })
}

fn times(circle: Circle, point: Point) -> Result<Circle> {
    let center = circle.center.times(point)?;
    Ok(Circle { center, radius: multiply(circle.radius, hypotenuse(point.x, point.y)?)? })
}

fn over(circle: Circle, point: Point) -> Result<Circle> {
    let center = circle.center.over(point)?;
    Ok(Circle { center, radius: divide(circle.radius, hypotenuse(point.x, point.y)?)? })
}

/// The square inside.
fn to_box(circle: Circle) -> Result<Rectangle> {
    let half = divide(circle.radius, std::f64::consts::SQRT_2)?;
    let Point { x, y } = circle.center;
    Ok(Rectangle {
        high: Point { x: add(x, half)?, y: add(y, half)? },
        low: Point { x: subtract(x, half)?, y: subtract(y, half)? },
    })
}

fn to_polygon(count: i32, circle: Circle) -> Result<Polygon> {
    if is_zero(circle.radius) {
        let message = "cannot convert circle with radius zero to polygon";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    if count < 2 {
        let message = "must request at least 2 points";
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    if count > POINTS_MAX {
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, "too many points requested"));
    }
    let step = divide(2.0 * PI, f64::from(count))?;
    let point = |i: i32| -> Result<Point> {
        let angle = multiply(step, f64::from(i))?;
        Ok(Point {
            x: subtract(circle.center.x, multiply(circle.radius, angle.cos())?)?,
            y: add(circle.center.y, multiply(circle.radius, angle.sin())?)?,
        })
    };
    Ok(Polygon { points: (0..count).map(point).collect::<Result<_>>()? })
}

type C = Circle;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("cr_circle", of_two!(|center: Point, radius: f64| Circle { center, radius })),
    ("circle_same", of_two!(are_same)),
    ("circle_overlap", of_two!(overlap)),
    ("circle_contain", of_two!(contains)),
    ("circle_contained", of_two!(|a: C, b: C| contains(b, a))),
    ("circle_left", of_two!(|a: C, b: C| by_edge((a, right), below, (b, left)))),
    ("circle_overleft", of_two!(|a: C, b: C| by_edge((a, right), at_most, (b, right)))),
    ("circle_right", of_two!(|a: C, b: C| by_edge((a, left), above, (b, right)))),
    ("circle_overright", of_two!(|a: C, b: C| by_edge((a, left), at_least, (b, left)))),
    ("circle_below", of_two!(|a: C, b: C| by_edge((a, top), below, (b, bottom)))),
    ("circle_overbelow", of_two!(|a: C, b: C| by_edge((a, top), at_most, (b, top)))),
    ("circle_above", of_two!(|a: C, b: C| by_edge((a, bottom), above, (b, top)))),
    ("circle_overabove", of_two!(|a: C, b: C| by_edge((a, bottom), at_least, (b, bottom)))),
    ("circle_eq", of_two!(|a: C, b: C| by_area(a, b, same))),
    ("circle_ne", of_two!(|a: C, b: C| by_area(a, b, differ))),
    ("circle_lt", of_two!(|a: C, b: C| by_area(a, b, below))),
    ("circle_le", of_two!(|a: C, b: C| by_area(a, b, at_most))),
    ("circle_gt", of_two!(|a: C, b: C| by_area(a, b, above))),
    ("circle_ge", of_two!(|a: C, b: C| by_area(a, b, at_least))),
    ("circle_area", of_one!(area)),
    ("circle_diameter", of_one!(|c: C| multiply(c.radius, 2.0))),
    ("circle_radius", of_one!(|c: C| c.radius)),
    ("circle_center", of_one!(|c: C| c.center)),
    ("circle_distance", of_two!(distance)),
    ("circle_contain_pt", of_two!(contains_point)),
    ("pt_contained_circle", of_two!(|point: Point, c: C| contains_point(c, point))),
    ("dist_cpoint", of_two!(distance_to_point)),
    ("dist_pc", of_two!(|point: Point, c: C| distance_to_point(c, point))),
    ("dist_cpoly", of_two!(distance_to_polygon)),
    ("dist_polyc", of_two!(|polygon: Polygon, c: C| distance_to_polygon(c, polygon))),
    ("circle_add_pt", of_two!(|c: C, point: Point| moved(c, c.center.plus(point)))),
    ("circle_sub_pt", of_two!(|c: C, point: Point| moved(c, c.center.minus(point)))),
    ("circle_mul_pt", of_two!(times)),
    ("circle_div_pt", of_two!(over)),
    ("circle_box", of_one!(to_box)),
    ("circle_poly", of_two!(to_polygon)),
    ("polygon(circle)", of_one!(|c: C| to_polygon(POLYGON_POINTS, c))),
];
