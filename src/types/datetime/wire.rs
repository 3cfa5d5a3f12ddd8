//! The binary forms that need checks: what a client sends may be out of range.

use super::input::check_date;
use super::timestamp::check_range;
use super::{DATE_INFINITY, DATE_NEG_INFINITY, DAY, Interval, typmod};
use crate::error::{PgError, Result, code};
use crate::types::input::Reader;
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

/// Largest offset from Greenwich in seconds, exclusive.
const ZONE_SECONDS_END: i32 = 16 * 3600;

pub(in crate::types) fn receive(
    type_oid: Oid,
    typmod: i32,
    reader: &mut Reader<'_>,
) -> Result<Datum> {
    let overflow = |message| PgError::new(code::DATETIME_FIELD_OVERFLOW, message);
    Ok(match type_oid {
        oids::DATE => match reader.i32()? {
            infinite @ (DATE_INFINITY | DATE_NEG_INFINITY) => Datum::Date(infinite),
            days => {
                Datum::Date(check_date(days.into()).ok_or_else(|| overflow("date out of range"))?)
            }
        },
        oids::TIME | oids::TIMETZ => {
            let time = reader.i64()?;
            if !(0..=DAY).contains(&time) {
                return Err(overflow("time out of range"));
            }
            let time = typmod::apply_to_time(time, typmod);
            if type_oid == oids::TIME {
                return Ok(Datum::Time(time));
            }
            let zone = reader.i32()?;
            if zone <= -ZONE_SECONDS_END || zone >= ZONE_SECONDS_END {
                return Err(PgError::new(
                    code::INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                    "time zone displacement out of range",
                ));
            }
            Datum::TimeTz(time, zone)
        }
        oids::TIMESTAMP => {
            Datum::Timestamp(typmod::apply_to_timestamp(check_range(reader.i64()?)?, typmod)?)
        }
        oids::TIMESTAMPTZ => {
            Datum::TimestampTz(typmod::apply_to_timestamp(check_range(reader.i64()?)?, typmod)?)
        }
        _ => {
            let (micros, days, months) = (reader.i64()?, reader.i32()?, reader.i32()?);
            Datum::Interval(Arc::new(Interval { months, days, micros }.apply_typmod(typmod)?))
        }
    })
}

pub(in crate::types) fn send_interval(value: &Interval, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.micros.to_be_bytes());
    out.extend_from_slice(&value.days.to_be_bytes());
    out.extend_from_slice(&value.months.to_be_bytes());
}
