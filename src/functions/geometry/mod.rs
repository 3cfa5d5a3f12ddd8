//! Functions and operators of geometric types (manual, 9.11), one file per type; what combines types is
//! with the larger shape. Results agree with PostgreSQL's to the last digit: sums are in its order.

pub(super) mod circle;
pub(super) mod line;
pub(super) mod path;
pub(super) mod point;
pub(super) mod polygon;
pub(super) mod rectangle;
pub(super) mod segment;

use crate::error::Result;
use crate::types::Datum;
use crate::types::geometry::{Point, Segment, Shape};

/// An argument of a function.
trait Argument {
    fn of(value: &Datum) -> Self;
}

impl<T: Shape> Argument for T {
    fn of(value: &Datum) -> T {
        T::of(value)
    }
}

impl Argument for f64 {
    fn of(value: &Datum) -> f64 {
        value.as_float8()
    }
}

impl Argument for i32 {
    fn of(value: &Datum) -> i32 {
        value.as_int4()
    }
}

fn argument<T: Argument>(value: &Datum) -> T {
    T::of(value)
}

/// What a function gives.
trait Outcome {
    fn datum(self) -> Result<Datum>;
}

impl<T: Shape> Outcome for T {
    fn datum(self) -> Result<Datum> {
        Ok(Shape::datum(&self))
    }
}

impl Outcome for bool {
    fn datum(self) -> Result<Datum> {
        Ok(Datum::Bool(self))
    }
}

impl Outcome for f64 {
    fn datum(self) -> Result<Datum> {
        Ok(Datum::Float8(self))
    }
}

impl Outcome for i32 {
    fn datum(self) -> Result<Datum> {
        Ok(Datum::Int4(self))
    }
}

/// `None` is NULL.
impl<T: Outcome> Outcome for Option<T> {
    fn datum(self) -> Result<Datum> {
        self.map_or(Ok(Datum::Null), Outcome::datum)
    }
}

impl<T: Outcome> Outcome for Result<T> {
    fn datum(self) -> Result<Datum> {
        self?.datum()
    }
}

/// A function of one argument.
macro_rules! of_one {
    ($f:expr) => {
        Scalar(|_, a| super::Outcome::datum(($f)(super::argument(&a[0]))))
    };
}
use of_one;

/// A function of two arguments.
macro_rules! of_two {
    ($f:expr) => {
        Scalar(|_, a| super::Outcome::datum(($f)(super::argument(&a[0]), super::argument(&a[1]))))
    };
}
use of_two;

/// The point of what is nearest, unless the distance is not a number.
fn nearest_point((point, distance): (Point, f64)) -> Option<Point> {
    (!distance.is_nan()).then_some(point)
}

/// The segments between points; of a closed path first the one from the last point to the first.
fn sides(points: &[Point], closed: bool) -> impl Iterator<Item = Segment> {
    let closing = points.last().filter(|_| closed).map(|last| [*last, points[0]]);
    let others = points.windows(2).map(|pair| [pair[0], pair[1]]);
    closing.into_iter().chain(others).map(|[start, end]| Segment { start, end })
}

/// The least distance of two rows of segments; `None`: there is none.
fn least_distance(a: (&[Point], bool), b: (&[Point], bool)) -> Result<Option<f64>> {
    use crate::types::geometry::number::is_less;
    let mut least: Option<f64> = None;
    for first in sides(a.0, a.1) {
        for second in sides(b.0, b.1) {
            let distance = first.nearest_to(second)?.1;
            if least.is_none_or(|least| is_less(distance, least)) {
                least = Some(distance);
            }
        }
    }
    Ok(least)
}
