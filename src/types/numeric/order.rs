//! Order, equality and hash by value: -Infinity < finite < Infinity < NaN.

use super::arithmetic::aligned_small;
use super::digits::pow10;
use super::{Numeric, Repr};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

impl Numeric {
    /// The kinds' order, for values that are not both finite.
    fn rank(&self) -> u8 {
        match self.0 {
            Repr::NegInfinity => 0,
            Repr::Small { .. } | Repr::Wide(_) => 1,
            Repr::Infinity => 2,
            Repr::NaN => 3,
        }
    }

    fn compare_finite(&self, o: &Numeric) -> Ordering {
        if let Some((a, b, _)) = aligned_small(self, o) {
            return a.cmp(&b);
        }
        // Values of different magnitude need no common scale.
        let magnitude = |n: &Numeric| {
            let sign = n.signum();
            (sign, n.decimal_exponent().map_or(0, |e| e * sign))
        };
        magnitude(self).cmp(&magnitude(o)).then_with(|| {
            let scale = self.scale().max(o.scale());
            let up = |n: &Numeric| {
                n.coefficient().unwrap_or_default() * pow10(u32::from(scale - n.scale()))
            };
            up(self).cmp(&up(o))
        })
    }
}

impl Ord for Numeric {
    fn cmp(&self, o: &Numeric) -> Ordering {
        match self.rank().cmp(&o.rank()) {
            Ordering::Equal if self.is_finite() => self.compare_finite(o),
            order => order,
        }
    }
}

impl PartialOrd for Numeric {
    fn partial_cmp(&self, o: &Numeric) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}

impl PartialEq for Numeric {
    fn eq(&self, o: &Numeric) -> bool {
        self.cmp(o).is_eq()
    }
}

impl Eq for Numeric {}

impl Hash for Numeric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        if self.is_finite() {
            // Without trailing zeros equal values have one coefficient and scale; zeros before the
            // point stay, for scale never gets negative.
            let trimmed = self.trim_scale();
            trimmed.scale().hash(state);
            match trimmed.small() {
                Some((c, _)) => c.hash(state),
                None => trimmed.coefficient().hash(state),
            }
        }
    }
}
