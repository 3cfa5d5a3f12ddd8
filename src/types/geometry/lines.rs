//! Points, segments and lines: slopes, distances, where they meet, what is nearest.

use super::number::{add, divide, hypotenuse, is_less, is_zero, multiply, same, subtract};
use super::{Line, Point, Segment};
use crate::error::Result;

impl Point {
    pub fn is_same(self, o: Point) -> bool {
        // NaN is the same as itself only.
        let equal = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
        if [self.x, self.y, o.x, o.y].iter().any(|v| v.is_nan()) {
            return equal(self.x, o.x) && equal(self.y, o.y);
        }
        same(self.x, o.x) && same(self.y, o.y)
    }

    pub fn distance(self, o: Point) -> Result<f64> {
        hypotenuse(subtract(self.x, o.x)?, subtract(self.y, o.y)?)
    }

    pub fn plus(self, o: Point) -> Result<Point> {
        Ok(Point { x: add(self.x, o.x)?, y: add(self.y, o.y)? })
    }

    pub fn minus(self, o: Point) -> Result<Point> {
        Ok(Point { x: subtract(self.x, o.x)?, y: subtract(self.y, o.y)? })
    }

    /// The product as complex numbers: turned and scaled.
    pub fn times(self, o: Point) -> Result<Point> {
        Ok(Point {
            x: subtract(multiply(self.x, o.x)?, multiply(self.y, o.y)?)?,
            y: add(multiply(self.x, o.y)?, multiply(self.y, o.x)?)?,
        })
    }

    /// The quotient as complex numbers.
    pub fn over(self, o: Point) -> Result<Point> {
        let square = add(multiply(o.x, o.x)?, multiply(o.y, o.y)?)?;
        Ok(Point {
            x: divide(add(multiply(self.x, o.x)?, multiply(self.y, o.y)?)?, square)?,
            y: divide(subtract(multiply(self.y, o.x)?, multiply(self.x, o.y)?)?, square)?,
        })
    }

    /// Infinite of a vertical line, and of one and the same point.
    pub fn slope_to(self, o: Point) -> Result<f64> {
        if same(self.x, o.x) {
            return Ok(f64::INFINITY);
        }
        if same(self.y, o.y) {
            return Ok(0.0);
        }
        divide(subtract(self.y, o.y)?, subtract(self.x, o.x)?)
    }

    /// The slope of what is perpendicular to the line to another point.
    pub fn normal_slope_to(self, o: Point) -> Result<f64> {
        if same(self.x, o.x) {
            return Ok(0.0);
        }
        if same(self.y, o.y) {
            return Ok(f64::INFINITY);
        }
        divide(subtract(self.x, o.x)?, subtract(o.y, self.y)?)
    }

    /// Half way to another point.
    pub fn middle(self, o: Point) -> Result<Point> {
        Ok(Point { x: divide(add(self.x, o.x)?, 2.0)?, y: divide(add(self.y, o.y)?, 2.0)? })
    }
}

impl Line {
    pub fn with_slope(point: Point, slope: f64) -> Result<Line> {
        if slope.is_infinite() {
            return Ok(Line { a: -1.0, b: 0.0, c: point.x });
        }
        if slope == 0.0 {
            return Ok(Line { a: 0.0, b: -1.0, c: point.y });
        }
        // A zero without sign.
        let c = subtract(point.y, multiply(slope, point.x)?)? + 0.0;
        Ok(Line { a: slope, b: -1.0, c })
    }

    /// `None`: the points are the same.
    pub fn through(a: Point, b: Point) -> Result<Option<Line>> {
        if a.is_same(b) {
            return Ok(None);
        }
        Line::with_slope(a, a.slope_to(b)?).map(Some)
    }

    pub fn slope(self) -> Result<f64> {
        if is_zero(self.a) {
            return Ok(0.0);
        }
        if is_zero(self.b) {
            return Ok(f64::INFINITY);
        }
        divide(self.a, -self.b)
    }

    fn normal_slope(self) -> Result<f64> {
        if is_zero(self.a) {
            return Ok(f64::INFINITY);
        }
        if is_zero(self.b) {
            return Ok(0.0);
        }
        divide(self.b, self.a)
    }

    /// Where lines meet; `None`: they are parallel, or one and the same.
    pub fn meets(self, o: Line) -> Result<Option<Point>> {
        // Through the one that is not vertical.
        let (first, second) = match (is_zero(self.b), is_zero(o.b)) {
            (false, _) => (self, o),
            (true, false) => (o, self),
            (true, true) => return Ok(None),
        };
        if same(second.a, multiply(first.a, divide(second.b, first.b)?)?) {
            return Ok(None);
        }
        let x = divide(
            subtract(multiply(first.b, second.c)?, multiply(second.b, first.c)?)?,
            subtract(multiply(first.a, second.b)?, multiply(second.a, first.b)?)?,
        )?;
        let y = divide(-add(multiply(first.a, x)?, first.c)?, first.b)?;
        Ok(Some(Point { x: x + 0.0, y: y + 0.0 }))
    }

    pub fn contains(self, point: Point) -> Result<bool> {
        let sum = add(multiply(self.a, point.x)?, multiply(self.b, point.y)?)?;
        Ok(is_zero(add(sum, self.c)?))
    }

    /// The line's point that is nearest to a point, and its distance: NaN where there is none.
    pub fn nearest(self, point: Point) -> Result<(Point, f64)> {
        let normal = Line::with_slope(point, self.normal_slope()?)?;
        match normal.meets(self)? {
            Some(found) => Ok((found, found.distance(point)?)),
            None => Ok((point, f64::NAN)),
        }
    }
}

impl Segment {
    pub fn slope(self) -> Result<f64> {
        self.start.slope_to(self.end)
    }

    pub fn normal_slope(self) -> Result<f64> {
        self.start.normal_slope_to(self.end)
    }

    pub fn length(self) -> Result<f64> {
        self.start.distance(self.end)
    }

    /// Whether the way over the point is no longer.
    pub fn contains(self, point: Point) -> Result<bool> {
        let way = point.distance(self.start)? + point.distance(self.end)?;
        Ok(same(way, self.length()?))
    }

    fn line(self) -> Result<Line> {
        Line::with_slope(self.start, self.slope()?)
    }

    pub fn meets_line(self, line: Line) -> Result<Option<Point>> {
        let Some(found) = self.line()?.meets(line)? else { return Ok(None) };
        if !self.contains(found)? {
            return Ok(None);
        }
        // An end itself, without what rounding added to it.
        let end = [self.start, self.end].into_iter().find(|end| end.is_same(found));
        Ok(Some(end.unwrap_or(found)))
    }

    pub fn meets(self, o: Segment) -> Result<Option<Point>> {
        match self.meets_line(o.line()?)? {
            Some(found) if o.contains(found)? => Ok(Some(found)),
            _ => Ok(None),
        }
    }

    /// The segment's point that is nearest to a line, and their distance.
    pub fn nearest_to_line(self, line: Line) -> Result<(Point, f64)> {
        if let Some(found) = self.meets_line(line)? {
            return Ok((found, 0.0));
        }
        let (start, end) = (line.nearest(self.start)?.1, line.nearest(self.end)?.1);
        Ok(if start < end { (self.start, start) } else { (self.end, end) })
    }

    /// The segment's point that is nearest to a point, and their distance.
    pub fn nearest(self, point: Point) -> Result<(Point, f64)> {
        let normal = Line::with_slope(point, self.normal_slope()?)?;
        let (found, _) = self.nearest_to_line(normal)?;
        Ok((found, found.distance(point)?))
    }

    /// The segment's point that is nearest to another segment, and their distance.
    pub fn nearest_to(self, o: Segment) -> Result<(Point, f64)> {
        if let Some(found) = self.meets(o)? {
            return Ok((found, 0.0));
        }
        let candidates = [
            self.nearest(o.start)?,
            self.nearest(o.end)?,
            (self.start, o.nearest(self.start)?.1),
            (self.end, o.nearest(self.end)?.1),
        ];
        Ok(nearest_of(candidates))
    }
}

/// The first of those with the least distance.
pub fn nearest_of<const N: usize>(candidates: [(Point, f64); N]) -> (Point, f64) {
    let first = candidates[0];
    candidates.into_iter().fold(first, |best, one| if is_less(one.1, best.1) { one } else { best })
}
