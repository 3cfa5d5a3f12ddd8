//! `box`. Its order is by area.

use super::super::Implementation::{self, Scalar};
use super::{nearest_point, of_one, of_two};
use crate::error::Result;
use crate::types::geometry::number::{
    above, add, at_least, at_most, below, divide, greatest, least, multiply, same, subtract,
};
use crate::types::geometry::{Circle, Line, Point, Polygon, Rectangle, Segment, nearest_of};

fn area(r: Rectangle) -> Result<f64> {
    multiply(width(r)?, height(r)?)
}

fn width(r: Rectangle) -> Result<f64> {
    subtract(r.high.x, r.low.x)
}

fn height(r: Rectangle) -> Result<f64> {
    subtract(r.high.y, r.low.y)
}

fn center(r: Rectangle) -> Result<Point> {
    Ok(Point { x: divide(add(r.high.x, r.low.x)?, 2.0)?, y: divide(add(r.high.y, r.low.y)?, 2.0)? })
}

fn by_area(a: Rectangle, b: Rectangle, holds: fn(f64, f64) -> bool) -> Result<bool> {
    Ok(holds(area(a)?, area(b)?))
}

pub(super) fn overlap(a: Rectangle, b: Rectangle) -> bool {
    at_most(a.low.x, b.high.x)
        && at_most(b.low.x, a.high.x)
        && at_most(a.low.y, b.high.y)
        && at_most(b.low.y, a.high.y)
}

pub(super) fn contains(a: Rectangle, b: Rectangle) -> bool {
    at_least(a.high.x, b.high.x)
        && at_most(a.low.x, b.low.x)
        && at_least(a.high.y, b.high.y)
        && at_most(a.low.y, b.low.y)
}

fn contains_point(r: Rectangle, p: Point) -> bool {
    r.high.x >= p.x && r.low.x <= p.x && r.high.y >= p.y && r.low.y <= p.y
}

fn intersection(a: Rectangle, b: Rectangle) -> Option<Rectangle> {
    overlap(a, b).then(|| Rectangle {
        high: Point { x: least(a.high.x, b.high.x), y: least(a.high.y, b.high.y) },
        low: Point { x: greatest(a.low.x, b.low.x), y: greatest(a.low.y, b.low.y) },
    })
}

/// The smallest box around both.
fn around(a: Rectangle, b: Rectangle) -> Rectangle {
    Rectangle {
        high: Point { x: greatest(a.high.x, b.high.x), y: greatest(a.high.y, b.high.y) },
        low: Point { x: least(a.low.x, b.low.x), y: least(a.low.y, b.low.y) },
    }
}

/// The smallest box around points.
pub(super) fn around_points(points: &[Point]) -> Rectangle {
    let first = Rectangle { high: points[0], low: points[0] };
    points[1..].iter().fold(first, |all, p| around(Rectangle { high: *p, low: *p }, all))
}

/// The sides, in the order in which PostgreSQL looks for the nearest.
fn sides(r: Rectangle) -> [Segment; 4] {
    let left = Point { x: r.low.x, y: r.high.y };
    let right = Point { x: r.high.x, y: r.low.y };
    [(r.low, left), (r.high, left), (r.low, right), (r.high, right)]
        .map(|(start, end)| Segment { start, end })
}

/// The box's point nearest to a point, and their distance.
fn nearest(r: Rectangle, p: Point) -> Result<(Point, f64)> {
    if contains_point(r, p) {
        return Ok((p, 0.0));
    }
    let [a, b, c, d] = sides(r);
    Ok(nearest_of([a.nearest(p)?, b.nearest(p)?, c.nearest(p)?, d.nearest(p)?]))
}

/// Whether a segment has a point in the box.
fn meets(r: Rectangle, s: Segment) -> Result<bool> {
    if !overlap(Rectangle::between(s.start, s.end), r) {
        return Ok(false);
    }
    if contains_point(r, s.start) || contains_point(r, s.end) {
        return Ok(true);
    }
    for side in sides(r) {
        if side.meets(s)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The point of a segment that meets the box, nearest to the box's center; else the box's point nearest to
/// the segment. And the distance of box and segment.
fn nearest_to_segment(r: Rectangle, s: Segment) -> Result<(Point, f64)> {
    if meets(r, s)? {
        return Ok((s.nearest(center(r)?)?.0, 0.0));
    }
    let [a, b, c, d] = sides(r);
    Ok(nearest_of([a.nearest_to(s)?, b.nearest_to(s)?, c.nearest_to(s)?, d.nearest_to(s)?]))
}

fn meets_line(line: Line, r: Rectangle) -> Result<bool> {
    for side in sides(r) {
        if side.meets_line(line)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn distance(a: Rectangle, b: Rectangle) -> Result<f64> {
    center(a)?.distance(center(b)?)
}

/// Both corners moved.
fn moved(r: Rectangle, p: Point, f: fn(Point, Point) -> Result<Point>) -> Result<Rectangle> {
    Ok(Rectangle { high: f(r.high, p)?, low: f(r.low, p)? })
}

/// Both corners turned, whichever is then the upper right one.
fn turned(r: Rectangle, p: Point, f: fn(Point, Point) -> Result<Point>) -> Result<Rectangle> {
    Ok(Rectangle::between(f(r.high, p)?, f(r.low, p)?))
}

fn to_polygon(r: Rectangle) -> Polygon {
    let left = Point { x: r.low.x, y: r.high.y };
    let right = Point { x: r.high.x, y: r.low.y };
    Polygon { points: vec![r.low, left, r.high, right] }
}

fn to_circle(r: Rectangle) -> Result<Circle> {
    let center = center(r)?;
    Ok(Circle { center, radius: center.distance(r.high)? })
}

type R = Rectangle;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("points_box", of_two!(Rectangle::between)),
    ("box_same", of_two!(|a: R, b: R| a.high.is_same(b.high) && a.low.is_same(b.low))),
    ("box_overlap", of_two!(overlap)),
    ("box_contain", of_two!(contains)),
    ("box_contained", of_two!(|a: R, b: R| contains(b, a))),
    ("box_left", of_two!(|a: R, b: R| below(a.high.x, b.low.x))),
    ("box_overleft", of_two!(|a: R, b: R| at_most(a.high.x, b.high.x))),
    ("box_right", of_two!(|a: R, b: R| above(a.low.x, b.high.x))),
    ("box_overright", of_two!(|a: R, b: R| at_least(a.low.x, b.low.x))),
    ("box_below", of_two!(|a: R, b: R| below(a.high.y, b.low.y))),
    ("box_overbelow", of_two!(|a: R, b: R| at_most(a.high.y, b.high.y))),
    ("box_above", of_two!(|a: R, b: R| above(a.low.y, b.high.y))),
    ("box_overabove", of_two!(|a: R, b: R| at_least(a.low.y, b.low.y))),
    ("box_below_eq", of_two!(|a: R, b: R| at_most(a.high.y, b.low.y))),
    ("box_above_eq", of_two!(|a: R, b: R| at_least(a.low.y, b.high.y))),
    ("box_lt", of_two!(|a: R, b: R| by_area(a, b, below))),
    ("box_le", of_two!(|a: R, b: R| by_area(a, b, at_most))),
    ("box_eq", of_two!(|a: R, b: R| by_area(a, b, same))),
    ("box_ge", of_two!(|a: R, b: R| by_area(a, b, at_least))),
    ("box_gt", of_two!(|a: R, b: R| by_area(a, b, above))),
    ("box_area", of_one!(area)),
    ("box_width", of_one!(width)),
    ("box_height", of_one!(height)),
    ("box_center", of_one!(center)),
    ("box_diagonal", of_one!(|r: R| Segment { start: r.high, end: r.low })),
    ("box_distance", of_two!(distance)),
    ("box_intersect", of_two!(intersection)),
    ("boxes_bound_box", of_two!(around)),
    ("box_add", of_two!(|r: R, p: Point| moved(r, p, Point::plus))),
    ("box_sub", of_two!(|r: R, p: Point| moved(r, p, Point::minus))),
    ("box_mul", of_two!(|r: R, p: Point| turned(r, p, Point::times))),
    ("box_div", of_two!(|r: R, p: Point| turned(r, p, Point::over))),
    ("box_poly", of_one!(to_polygon)),
    ("box_circle", of_one!(to_circle)),
    ("box_contain_pt", of_two!(contains_point)),
    ("on_pb", of_two!(|p: Point, r: R| contains_point(r, p))),
    ("on_sb", of_two!(|s: Segment, r: R| contains_point(r, s.start) && contains_point(r, s.end))),
    ("inter_sb", of_two!(|s: Segment, r: R| meets(r, s))),
    ("inter_lb", of_two!(meets_line)),
    ("dist_pb", of_two!(|p: Point, r: R| nearest(r, p).map(|found| found.1))),
    ("dist_bp", of_two!(|r: R, p: Point| nearest(r, p).map(|found| found.1))),
    ("dist_sb", of_two!(|s: Segment, r: R| nearest_to_segment(r, s).map(|found| found.1))),
    ("dist_bs", of_two!(|r: R, s: Segment| nearest_to_segment(r, s).map(|found| found.1))),
    ("close_pb", of_two!(|p: Point, r: R| nearest(r, p).map(nearest_point))),
    ("close_sb", of_two!(|s: Segment, r: R| nearest_to_segment(r, s).map(nearest_point))),
];
