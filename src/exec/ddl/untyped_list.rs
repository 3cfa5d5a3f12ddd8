//! A parser list by its nodes' own kinds.

use pg_raw_parse::list::{CastNodeList, NodeList};

/// The list without the type that the parser's view gives its elements.
pub(super) fn untyped<T>(list: &CastNodeList<T>) -> &NodeList {
    // SAFETY: `CastNodeList<T>` is `#[repr(transparent)]` over `NodeList`; only the claim about the
    // elements' type is dropped, and `NodeList` looks at each element's own tag.
    unsafe { &*std::ptr::from_ref(list).cast::<NodeList>() }
}
