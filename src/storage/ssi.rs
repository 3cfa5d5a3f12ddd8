//! SERIALIZABLE.
pub struct SerializableTxn {}
