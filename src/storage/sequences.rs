//! Sequences.

/// A sequence's definition, and its name for error messages.
#[derive(Clone, Debug)]
pub struct SequenceParams {
    pub name: String,
    pub start: i64,
    pub increment: i64,
    pub min: i64,
    pub max: i64,
    pub cycle: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceState {
    pub last_value: i64,
    /// Values logged ahead.
    pub log_count: i64,
    pub is_called: bool,
}
