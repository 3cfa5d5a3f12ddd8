//! Credentials in statements, hidden wherever a statement's text is shown to others.
//!
//! CREATE STORAGE and ALTER STORAGE take credentials as string constants. Activity views, the log and
//! lists of prepared statements show such a statement with all its constants blanked, so that a new
//! option cannot be forgotten here.

use super::tokens::{Kind, Tokens};
use std::sync::Arc;

/// What stands for a constant.
const HIDDEN: &str = "'***'";

/// The text as others may see it.
pub fn redacted(text: &Arc<str>) -> Arc<str> {
    if !mentions_storage(text) {
        return text.clone();
    }
    let mut tokens = Tokens::new(text);
    let (mut shown, mut copied) = (String::with_capacity(text.len()), 0);
    let (mut before, mut hides) = (String::new(), false);
    loop {
        let token = tokens.next();
        match &token.kind {
            Kind::End => break,
            Kind::Word(word) => {
                hides |= word == "storage" && matches!(before.as_str(), "create" | "alter");
                before.clone_from(word);
            }
            Kind::Symbol(b';') => hides = false,
            Kind::Text(_) | Kind::Bad(_) if hides => {
                shown.push_str(&text[copied..token.start]);
                shown.push_str(HIDDEN);
                copied = token.end;
            }
            _ => {}
        }
        if matches!(token.kind, Kind::Bad(_)) {
            break;
        }
    }
    match copied {
        0 => text.clone(),
        _ => {
            shown.push_str(&text[copied..]);
            shown.into()
        }
    }
}

/// Every statement comes by here, so the answer for nearly all of them must be quick.
fn mentions_storage(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes
        .windows(b"storage".len())
        .any(|window| matches!(window[0], b's' | b'S') && window.eq_ignore_ascii_case(b"storage"))
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn constants_of_storages_are_hidden_and_no_others() {
        let shown = |text: &str| redacted(&text.into()).to_string();
        assert_eq!(
            shown(
                "SELECT 'a'; create Storage s type 's3' with (secret_access_key 'k''ey'); SELECT 'b'"
            ),
            "SELECT 'a'; create Storage s type '***' with (secret_access_key '***'); SELECT 'b'"
        );
        assert_eq!(shown("ALTER STORAGE s SET (a $$k$$"), "ALTER STORAGE s SET (a '***'");
        assert_eq!(shown("ALTER STORAGE s SET (a 'k"), "ALTER STORAGE s SET (a '***'");
        assert_eq!(shown("SELECT 'storage'"), "SELECT 'storage'");
        assert_eq!(shown("DROP STORAGE s; SELECT 'x'"), "DROP STORAGE s; SELECT 'x'");
    }
}
