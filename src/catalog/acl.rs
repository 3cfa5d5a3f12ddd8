//! Access lists: `aclitem`s such as `alice=arwd/postgres`.

/// The items of an `aclitem[]` in text form whose items need no quotes.
pub(super) fn items(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    inner.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}
