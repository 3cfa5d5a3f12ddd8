//! A transaction's writes.
#[derive(Clone)]
pub struct WriteSet {}
