//! `point`.

use super::super::Implementation::{self, Scalar};
use super::{of_one, of_two};
use crate::types::geometry::number::{above, below, same};
use crate::types::geometry::{Point, Rectangle};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("construct_point", of_two!(|x: f64, y: f64| Point { x, y })),
    ("point_left", of_two!(|a: Point, b: Point| below(a.x, b.x))),
    ("point_right", of_two!(|a: Point, b: Point| above(a.x, b.x))),
    ("point_above", of_two!(|a: Point, b: Point| above(a.y, b.y))),
    ("point_below", of_two!(|a: Point, b: Point| below(a.y, b.y))),
    ("point_vert", of_two!(|a: Point, b: Point| same(a.x, b.x))),
    ("point_horiz", of_two!(|a: Point, b: Point| same(a.y, b.y))),
    ("point_eq", of_two!(Point::is_same)),
    ("point_ne", of_two!(|a: Point, b: Point| !a.is_same(b))),
    ("point_distance", of_two!(Point::distance)),
    ("point_slope", of_two!(Point::slope_to)),
    ("point_add", of_two!(Point::plus)),
    ("point_sub", of_two!(Point::minus)),
    ("point_mul", of_two!(Point::times)),
    ("point_div", of_two!(Point::over)),
    ("point_box", of_one!(|p: Point| Rectangle { high: p, low: p })),
];
