//! What the parser said about text it refused: message, SQLSTATE and position.
//!
//! The safe interface of `pg_raw_parse` keeps the position to itself, so the text is parsed once
//! more through the C interface, which gives both. libpg_query drops the SQLSTATE; it follows from
//! the message, of which the scanner and the grammar have few.

use crate::error::{PgError, SqlState, code};
use pg_raw_parse::raw;
use std::ffi::{CStr, CString};

/// The error for `text`, which is known not to parse. The caller holds the parser's lock.
pub fn describe(text: &str) -> PgError {
    let Ok(c_text) = CString::new(text) else {
        return PgError::new(code::SYNTAX_ERROR, "syntax error");
    };
    let Some((message, position)) = raw_parse_error(&c_text) else {
        return PgError::new(code::SYNTAX_ERROR, "syntax error");
    };
    let state = sqlstate(&message);
    // 18 points at this clause; 15 does not.
    let position = if message.starts_with("WITH TIES cannot") { 0 } else { position };
    PgError::new(state, message).at(byte_offset(text, position))
}

/// Message and 1-based character position (0: none) of the error that parsing `text` ends with.
fn raw_parse_error(text: &CStr) -> Option<(String, i32)> {
    // SAFETY: the memory context is created without a parent, entered for the one C call, which
    // catches PostgreSQL's longjmps itself and never calls back into Rust, then left and deleted.
    // Nothing allocated in it is used afterwards: the error and the buffer are malloc'd, copied
    // here and freed once. `text` outlives the call.
    unsafe {
        raw::pg_query_init();
        let context = raw::AllocSetContextCreateInternal(
            std::ptr::null_mut(),
            c"parse error".as_ptr(),
            raw::ALLOCSET_DEFAULT_MINSIZE as raw::Size,
            raw::ALLOCSET_DEFAULT_INITSIZE as raw::Size,
            raw::ALLOCSET_DEFAULT_MAXSIZE as raw::Size,
        );
        let previous = raw::MemoryContextSwitchTo(context);
        let result = raw::pg_query_raw_parse(text.as_ptr(), 0);
        raw::MemoryContextSwitchTo(previous);
        let error = (!result.error.is_null()).then(|| {
            let message = CStr::from_ptr((*result.error).message).to_string_lossy().into_owned();
            let position = (*result.error).cursorpos;
            raw::pg_query_free_error(result.error);
            (message, position)
        });
        if !result.stderr_buffer.is_null() {
            libc::free(result.stderr_buffer.cast());
        }
        raw::MemoryContextDelete(context);
        error
    }
}

/// Byte offset of the 1-based character `position`; -1 where there is none.
fn byte_offset(text: &str, position: i32) -> i32 {
    let Some(chars) = usize::try_from(position).ok().and_then(|p| p.checked_sub(1)) else {
        return -1;
    };
    let offset = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    i32::try_from(offset).unwrap_or(-1)
}

/// The SQLSTATE that PostgreSQL's scanner and grammar give with a message.
fn sqlstate(message: &str) -> SqlState {
    let starts = |prefix: &str| message.starts_with(prefix);
    if starts("invalid byte sequence for encoding") {
        code::CHARACTER_NOT_IN_REPERTOIRE
    } else if starts("unsafe use of \\'") {
        SqlState(*b"22P06")
    } else if starts("invalid Unicode escape") {
        code::INVALID_ESCAPE_SEQUENCE
    } else if message.contains("not supported")
        || message.contains("not yet supported")
        || message.contains("not implemented")
        || message.contains("not yet implemented")
    {
        code::FEATURE_NOT_SUPPORTED
    } else if starts("interval precision specified twice")
        || starts("unrecognized role option")
        || starts("conflicting or redundant options")
        || starts("multiple ")
    {
        code::SYNTAX_ERROR
    } else if starts("Failed to open pipe") {
        code::INSUFFICIENT_RESOURCES
    } else if starts("role name \"") {
        code::RESERVED_NAME
    } else if message.ends_with("cannot include schema elements") {
        code::FEATURE_NOT_SUPPORTED
    } else if starts("frame ") {
        code::WINDOWING_ERROR
    } else if starts("stack depth limit") {
        code::STATEMENT_TOO_COMPLEX
    } else if starts("precision for type float must be") {
        code::INVALID_PARAMETER_VALUE
    } else {
        code::SYNTAX_ERROR
    }
}
