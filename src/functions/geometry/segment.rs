//! `lseg`. Its order is by length.

use super::super::Implementation::{self, Scalar};
use super::{nearest_point, of_one, of_two};
use crate::error::Result;
use crate::types::geometry::number::{above, at_least, at_most, below, same};
use crate::types::geometry::{Point, Segment};

fn are_same(a: Segment, b: Segment) -> bool {
    a.start.is_same(b.start) && a.end.is_same(b.end)
}

fn by_length(a: Segment, b: Segment, holds: fn(f64, f64) -> bool) -> Result<bool> {
    Ok(holds(a.length()?, b.length()?))
}

/// The second segment's point nearest to the first; NULL where they are parallel.
fn nearest(a: Segment, b: Segment) -> Result<Option<Point>> {
    if a.slope()? == b.slope()? {
        return Ok(None);
    }
    b.nearest_to(a).map(nearest_point)
}

fn distance_to_point(segment: Segment, point: Point) -> Result<f64> {
    Ok(segment.nearest(point)?.1)
}

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("lseg_construct", of_two!(|start: Point, end: Point| Segment { start, end })),
    ("lseg_length", of_one!(Segment::length)),
    ("lseg_center", of_one!(|s: Segment| s.start.middle(s.end))),
    ("lseg_vertical", of_one!(|s: Segment| same(s.start.x, s.end.x))),
    ("lseg_horizontal", of_one!(|s: Segment| same(s.start.y, s.end.y))),
    (
        "lseg_parallel",
        of_two!(|a: Segment, b: Segment| -> Result<bool> { Ok(same(a.slope()?, b.slope()?)) }),
    ),
    (
        "lseg_perp",
        of_two!(|a: Segment, b: Segment| -> Result<bool> {
            Ok(same(a.slope()?, b.normal_slope()?))
        }),
    ),
    ("lseg_eq", of_two!(are_same)),
    ("lseg_ne", of_two!(|a: Segment, b: Segment| !are_same(a, b))),
    ("lseg_lt", of_two!(|a: Segment, b: Segment| by_length(a, b, below))),
    ("lseg_le", of_two!(|a: Segment, b: Segment| by_length(a, b, at_most))),
    ("lseg_gt", of_two!(|a: Segment, b: Segment| by_length(a, b, above))),
    ("lseg_ge", of_two!(|a: Segment, b: Segment| by_length(a, b, at_least))),
    ("lseg_intersect", of_two!(|a: Segment, b: Segment| a.meets(b).map(|at| at.is_some()))),
    ("lseg_interpt", of_two!(|a: Segment, b: Segment| a.meets(b))),
    (
        "lseg_distance",
        of_two!(|a: Segment, b: Segment| a.nearest_to(b).map(|(_, distance)| distance)),
    ),
    ("dist_ps", of_two!(|point: Point, segment: Segment| distance_to_point(segment, point))),
    ("dist_sp", of_two!(distance_to_point)),
    ("close_lseg", of_two!(nearest)),
    (
        "close_ps",
        of_two!(|point: Point, segment: Segment| segment.nearest(point).map(nearest_point)),
    ),
    ("on_ps", of_two!(|point: Point, segment: Segment| segment.contains(point))),
];
