//! Lists of identifiers in settings, such as `search_path`.

/// Whether a setting is a list of names, which is kept with the quotes that they need
/// (`GUC_LIST_QUOTE`).
pub fn is_name_list(setting: &str) -> bool {
    const LISTS: [&str; 5] = [
        "search_path",
        "temp_tablespaces",
        "session_preload_libraries",
        "shared_preload_libraries",
        "local_preload_libraries",
    ];
    LISTS.iter().any(|list| setting.eq_ignore_ascii_case(list))
}

/// Splits `a, "B", c` into names: unquoted ones in lower case. `None`: not a list.
pub fn split_identifiers(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Some(names);
    }
    loop {
        let (name, after) = identifier(rest)?;
        names.push(name);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if rest.is_empty() => return Some(names),
            None => return None,
        }
    }
}

fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_lowercase(), &text[end..]));
    };
    let mut name = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            name.push(c);
        } else if chars.next_if(|(_, c)| *c == '"').is_some() {
            name.push('"');
        } else {
            return Some((name, &quoted[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::split_identifiers;

    #[test]
    fn lists_are_split_with_their_quotes() {
        let names = |text| split_identifiers(text).map(|names| names.join("|"));
        assert_eq!(names("\"$user\", public").as_deref(), Some("$user|public"));
        assert_eq!(names("A,\"B \"\"c\"").as_deref(), Some("a|B \"c"));
        assert_eq!(names("").as_deref(), Some(""));
        assert_eq!(names("\"\", a").as_deref(), Some("|a"));
        for bad in ["a,", ",a", "a b", "\"a", "\"a\"b"] {
            assert_eq!(names(bad), None, "{bad}");
        }
    }
}
