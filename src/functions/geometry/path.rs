//! `path`. Its order is by the number of points.

use super::super::Implementation::{self, Scalar};
use super::rectangle::{around_points, overlap};
use super::{least_distance, of_one, of_two, polygon, sides};
use crate::error::{PgError, Result, code};
use crate::types::geometry::number::{add, divide, is_less, multiply, same, subtract};
use crate::types::geometry::{Path, Point, Polygon};

fn count(path: &Path) -> i32 {
    i32::try_from(path.points.len()).expect("values are below 1 GiB")
}

/// NULL of an open path.
fn area(path: Path) -> Result<Option<f64>> {
    if !path.closed {
        return Ok(None);
    }
    let next = path.points.iter().cycle().skip(1);
    let mut area = 0.0;
    for (a, b) in path.points.iter().zip(next) {
        area = add(area, multiply(a.x, b.y)?)?;
        area = subtract(area, multiply(a.y, b.x)?)?;
    }
    divide(f64::abs(area), 2.0).map(Some)
}

fn length(path: Path) -> Result<f64> {
    sides(&path.points, path.closed).try_fold(0.0, |sum, side| add(sum, side.length()?))
}

fn meet(a: Path, b: Path) -> Result<bool> {
    if !overlap(around_points(&a.points), around_points(&b.points)) {
        return Ok(false);
    }
    for first in sides(&a.points, a.closed) {
        for second in sides(&b.points, b.closed) {
            if first.meets(second)?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn distance(a: Path, b: Path) -> Result<Option<f64>> {
    least_distance((&a.points, a.closed), (&b.points, b.closed))
}

/// Zero of an open path of one point.
fn distance_to_point(path: Path, point: Point) -> Result<f64> {
    let mut least: Option<f64> = None;
    for side in sides(&path.points, path.closed) {
        let (_, distance) = side.nearest(point)?;
        if least.is_none_or(|least| is_less(distance, least)) {
            least = Some(distance);
        }
    }
    Ok(least.unwrap_or(0.0))
}

/// Whether a point is on an open path, or in a closed one.
fn contains(path: Path, point: Point) -> Result<bool> {
    if path.closed {
        return polygon::is_inside(point, &path.points);
    }
    for side in sides(&path.points, false) {
        let way = add(point.distance(side.start)?, point.distance(side.end)?)?;
        if same(way, side.length()?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One open path after another; NULL of closed ones.
fn joined(a: Path, b: Path) -> Option<Path> {
    (!a.closed && !b.closed).then(|| Path { closed: false, points: [a.points, b.points].concat() })
}

fn changed(path: Path, by: Point, f: fn(Point, Point) -> Result<Point>) -> Result<Path> {
    let points = path.points.into_iter().map(|point| f(point, by)).collect::<Result<_>>()?;
    Ok(Path { points, ..path })
}

fn to_polygon(path: Path) -> Result<Polygon> {
    if !path.closed {
        let message = "open path cannot be converted to polygon";
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    Ok(Polygon { points: path.points })
}

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("path_area", of_one!(area)),
    ("path_length", of_one!(length)),
    ("path_npoints", of_one!(|path: Path| count(&path))),
    ("path_isclosed", of_one!(|path: Path| path.closed)),
    ("path_isopen", of_one!(|path: Path| !path.closed)),
    ("path_close", of_one!(|path: Path| Path { closed: true, ..path })),
    ("path_open", of_one!(|path: Path| Path { closed: false, ..path })),
    ("path_n_lt", of_two!(|a: Path, b: Path| count(&a) < count(&b))),
    ("path_n_le", of_two!(|a: Path, b: Path| count(&a) <= count(&b))),
    ("path_n_eq", of_two!(|a: Path, b: Path| count(&a) == count(&b))),
    ("path_n_ge", of_two!(|a: Path, b: Path| count(&a) >= count(&b))),
    ("path_n_gt", of_two!(|a: Path, b: Path| count(&a) > count(&b))),
    ("path_inter", of_two!(meet)),
    ("path_distance", of_two!(distance)),
    ("dist_pathp", of_two!(distance_to_point)),
    ("dist_ppath", of_two!(|point: Point, path: Path| distance_to_point(path, point))),
    ("on_ppath", of_two!(|point: Point, path: Path| contains(path, point))),
    ("path_contain_pt(path,point)", of_two!(contains)),
    ("path_add", of_two!(joined)),
    ("path_add_pt", of_two!(|path: Path, by: Point| changed(path, by, Point::plus))),
    ("path_sub_pt", of_two!(|path: Path, by: Point| changed(path, by, Point::minus))),
    ("path_mul_pt", of_two!(|path: Path, by: Point| changed(path, by, Point::times))),
    ("path_div_pt", of_two!(|path: Path, by: Point| changed(path, by, Point::over))),
    ("path_poly", of_one!(to_polygon)),
];
