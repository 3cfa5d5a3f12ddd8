//! Time zones.

/// What a zone is at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneOffset {
    /// Seconds east of Greenwich.
    pub seconds_east: i32,
    pub is_dst: bool,
    pub abbreviation: String,
}

/// A time zone; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(());

impl TimeZone {
    pub fn utc() -> TimeZone {
        todo!()
    }
    /// A full zone name in any case, or a POSIX specification (`EST5EDT`, `<+03>-03`, `UTC+3`);
    /// not abbreviations.
    pub fn parse(_name: &str) -> Option<TimeZone> {
        todo!()
    }
    /// A fixed offset, as `SET TIME ZONE INTERVAL '+03:00'` makes it.
    pub fn fixed(_seconds_east: i32) -> TimeZone {
        todo!()
    }
    /// What `AT TIME ZONE` and zone fields accept: an abbreviation (of `timezone_abbreviations`),
    /// then a zone name, then a POSIX specification.
    pub fn parse_or_abbreviation(_name: &str) -> Option<TimeZone> {
        todo!()
    }
    /// The canonical name.
    pub fn name(&self) -> &str {
        todo!()
    }
    /// The zone's offset at a `timestamptz`.
    pub fn offset_at(&self, _timestamptz: i64) -> ZoneOffset {
        todo!()
    }
    /// Seconds east of Greenwich for a local time, resolved as PostgreSQL does in gaps and overlaps.
    pub fn offset_at_local(&self, _timestamp: i64) -> i32 {
        todo!()
    }
    /// All zone names, for `pg_timezone_names`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        [].into_iter()
    }
}
