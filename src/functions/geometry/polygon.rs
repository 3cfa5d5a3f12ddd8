//! `polygon`.

use super::super::Implementation::{self, Scalar};
use super::rectangle::{self, around_points};
use super::{least_distance, of_one, of_two, sides};
use crate::error::Result;
use crate::types::geometry::number::{
    above, add, at_least, at_most, below, divide, is_less, is_zero, multiply, subtract,
};
use crate::types::geometry::{Circle, Path, Point, Polygon, Rectangle, Segment};

/// How a polygon's side lies to a point, that point being the origin.
enum Crossing {
    /// The side goes through the origin.
    Through,
    /// Twice how often it crosses the positive x axis, upwards; once if it ends on it.
    Times(i32),
}

fn crossing(end: Point, start: Point) -> Result<Crossing> {
    use Crossing::{Through, Times};
    let (x, y, previous_x, previous_y) = (end.x, end.y, start.x, start.y);
    if is_zero(y) {
        return Ok(match () {
            () if is_zero(x) => Through,
            () if above(x, 0.0) => match () {
                () if !is_zero(previous_y) => Times(if below(previous_y, 0.0) { 1 } else { -1 }),
                () if above(previous_x, 0.0) => Times(0),
                () => Through,
            },
            () if is_zero(previous_y) && !below(previous_x, 0.0) => Through,
            () => Times(0),
        });
    }
    let upwards = above(y, 0.0);
    let sign = if upwards { 1 } else { -1 };
    if is_zero(previous_y) {
        return Ok(Times(if below(previous_x, 0.0) { 0 } else { sign }));
    }
    let same_side = |v: f64| if upwards { above(v, 0.0) } else { below(v, 0.0) };
    if same_side(previous_y) {
        return Ok(Times(0));
    }
    if at_least(x, 0.0) && above(previous_x, 0.0) {
        return Ok(Times(2 * sign));
    }
    if below(x, 0.0) && at_most(previous_x, 0.0) {
        return Ok(Times(0));
    }
    let z =
        subtract(multiply(subtract(x, previous_x)?, y)?, multiply(subtract(y, previous_y)?, x)?)?;
    Ok(match () {
        () if is_zero(z) => Through,
        () if same_side(z) => Times(0),
        () => Times(2 * sign),
    })
}

/// Whether a point is within a row of points or on its border.
pub(super) fn is_inside(point: Point, points: &[Point]) -> Result<bool> {
    let first = points[0].minus(point)?;
    let (mut previous, mut total) = (first, 0);
    for next in points[1..].iter().map(|next| next.minus(point)).chain([Ok(first)]) {
        let next = next?;
        match crossing(next, previous)? {
            Crossing::Through => return Ok(true),
            Crossing::Times(times) => total += times,
        }
        previous = next;
    }
    Ok(total != 0)
}

fn bounds(polygon: &Polygon) -> Rectangle {
    around_points(&polygon.points)
}

/// The same points in a row, from whichever on, forwards or backwards.
fn are_same(a: Polygon, b: Polygon) -> bool {
    let n = a.points.len();
    if n != b.points.len() {
        return false;
    }
    let matches =
        |at: &dyn Fn(usize) -> usize| (1..n).all(|i| b.points[at(i)].is_same(a.points[i]));
    (0..n)
        .filter(|start| b.points[*start].is_same(a.points[0]))
        .any(|start| matches(&|i| (start + i) % n) || matches(&|i| (start + n - i) % n))
}

fn overlap(a: &Polygon, b: &Polygon) -> Result<bool> {
    if !rectangle::overlap(bounds(a), bounds(b)) {
        return Ok(false);
    }
    for first in sides(&a.points, true) {
        for second in sides(&b.points, true) {
            if first.meets(second)?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(is_inside(a.points[0], &b.points)? || is_inside(b.points[0], &a.points)?)
}

/// Whether a segment is in a polygon, as far as the polygon's sides from `first` on say.
fn has_segment(polygon: &Polygon, segment: Segment, first: usize) -> Result<bool> {
    stacker::maybe_grow(64 << 10, 1 << 20, || {
        let sides = sides(&polygon.points, true).enumerate().skip(first);
        let (start, end) = (segment.start, segment.end);
        let mut crossed = false;
        for (i, side) in sides {
            let holds = match (side.contains(start)?, side.contains(end)?) {
                (true, true) => return Ok(true),
                (true, false) => has_rest(polygon, start, end, side, i + 1)?,
                (false, true) => has_rest(polygon, end, start, side, i + 1)?,
                (false, false) => match segment.meets(side)? {
                    None => true,
                    Some(at) => {
                        crossed = true;
                        has_segment(polygon, Segment { start, end: at }, i + 1)?
                            && has_segment(polygon, Segment { start: end, end: at }, i + 1)?
                    }
                },
            };
            if !holds {
                return Ok(false);
            }
        }
        if crossed {
            return Ok(true);
        }
        let middle =
            Point { x: divide(add(start.x, end.x)?, 2.0)?, y: divide(add(start.y, end.y)?, 2.0)? };
        is_inside(middle, &polygon.points)
    })
}

/// Of a segment with one end on a side: whether what goes on beyond the side, where both are in one line,
/// is in the polygon. True where they are not: the other sides decide.
fn has_rest(polygon: &Polygon, on: Point, off: Point, side: Segment, next: usize) -> Result<bool> {
    let segment = Segment { start: on, end: off };
    let beyond = match () {
        () if on.is_same(side.start) => [Some(side.end), None],
        () if on.is_same(side.end) => [Some(side.start), None],
        () => [Some(side.start), Some(side.end)],
    };
    for end in beyond.into_iter().flatten() {
        if segment.contains(end)? {
            return has_segment(polygon, Segment { start: off, end }, next);
        }
    }
    Ok(true)
}

fn contains(a: Polygon, b: Polygon) -> Result<bool> {
    if !rectangle::contains(bounds(&a), bounds(&b)) {
        return Ok(false);
    }
    for side in sides(&b.points, true) {
        if !has_segment(&a, side, 0)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn distance(a: Polygon, b: Polygon) -> Result<Option<f64>> {
    if overlap(&a, &b)? {
        return Ok(Some(0.0));
    }
    least_distance((&a.points, true), (&b.points, true))
}

/// Zero of a point inside.
pub(super) fn distance_to_point(polygon: &Polygon, point: Point) -> Result<f64> {
    if is_inside(point, &polygon.points)? {
        return Ok(0.0);
    }
    let (first, last) = (polygon.points[0], polygon.points[polygon.points.len() - 1]);
    let mut least = Segment { start: first, end: last }.nearest(point)?.1;
    for side in sides(&polygon.points, false) {
        let (_, distance) = side.nearest(point)?;
        if is_less(distance, least) {
            least = distance;
        }
    }
    Ok(least)
}

/// The circle around the points' average, with their average distance from it.
fn to_circle(polygon: Polygon) -> Result<Circle> {
    let points = &polygon.points;
    let count = points.len() as f64;
    let mut center = Point { x: 0.0, y: 0.0 };
    for point in points {
        center = center.plus(*point)?;
    }
    let center = Point { x: divide(center.x, count)?, y: divide(center.y, count)? };
    let mut radius = 0.0;
    for point in points {
        radius = add(radius, point.distance(center)?)?;
    }
    Ok(Circle { center, radius: divide(radius, count)? })
}

fn by_bounds(a: Polygon, b: Polygon, holds: fn(Rectangle, Rectangle) -> bool) -> bool {
    holds(bounds(&a), bounds(&b))
}

type P = Polygon;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("poly_same", of_two!(are_same)),
    ("poly_overlap", of_two!(|a: P, b: P| overlap(&a, &b))),
    ("poly_contain", of_two!(contains)),
    ("poly_contained", of_two!(|a: P, b: P| contains(b, a))),
    ("poly_left", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.high.x < b.low.x))),
    ("poly_overleft", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.high.x <= b.high.x))),
    ("poly_right", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.low.x > b.high.x))),
    ("poly_overright", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.low.x >= b.low.x))),
    ("poly_below", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.high.y < b.low.y))),
    ("poly_overbelow", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.high.y <= b.high.y))),
    ("poly_above", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.low.y > b.high.y))),
    ("poly_overabove", of_two!(|a: P, b: P| by_bounds(a, b, |a, b| a.low.y >= b.low.y))),
    ("poly_contain_pt", of_two!(|a: P, point: Point| is_inside(point, &a.points))),
    ("pt_contained_poly", of_two!(|point: Point, a: P| is_inside(point, &a.points))),
    ("poly_distance", of_two!(distance)),
    ("dist_polyp", of_two!(|a: P, point: Point| distance_to_point(&a, point))),
    ("dist_ppoly", of_two!(|point: Point, a: P| distance_to_point(&a, point))),
    (
        "poly_npoints",
        of_one!(|a: P| i32::try_from(a.points.len()).expect("values are below 1 GiB")),
    ),
    ("poly_center", of_one!(|a: P| to_circle(a).map(|circle| circle.center))),
    ("poly_circle", of_one!(to_circle)),
    ("poly_box", of_one!(|a: P| bounds(&a))),
    ("poly_path", of_one!(|a: P| Path { closed: true, points: a.points })),
];
