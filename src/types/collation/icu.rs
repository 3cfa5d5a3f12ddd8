//! ICU, the library that PostgreSQL orders and folds text with, as the system has it.
//!
//! It is loaded when it is first needed, not linked: where there is none, everything but its
//! collations works, and these are refused as by a PostgreSQL that was built without it. Being the
//! same library that PostgreSQL uses, it gives the same order, sort keys and versions.
//!
//! Invariant: a collator is never changed once it is open, so threads share it (ICU allows `const`
//! calls at once), and none is ever closed.

use crate::error::{PgError, Result, code};
use std::cmp::Ordering;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{NonNull, null};
use std::sync::LazyLock;

/// `UErrorCode`: greater than 0 where a call failed.
type Status = i32;
const BUFFER_OVERFLOW: Status = 15;

/// Versions of the library, newest first; each has its number in all its names.
const VERSIONS: std::ops::RangeInclusive<u32> = 60..=99;

/// How text changes its case.
type Mapping =
    unsafe extern "C" fn(*mut u16, i32, *const u16, i32, *const c_char, *mut Status) -> i32;

macro_rules! functions {
    ($($field:ident: $function:ty;)*) => {
        /// What is called of it, by ICU's names.
        #[expect(non_snake_case, reason = "the names are ICU's")]
        struct Library {
            $($field: $function,)*
        }

        impl Library {
            /// The functions of an open library; `None` where it lacks one.
            fn load(handle: NonNull<c_void>, version: u32) -> Option<Library> {
                Some(Library {
                    $($field: {
                        let name = CString::new(format!("{}_{version}", stringify!($field)));
                        let name = name.expect("names have no zero bytes");
                        // SAFETY: the handle is open and stays so; the name ends with a zero byte.
                        let found = unsafe { libc::dlsym(handle.as_ptr(), name.as_ptr()) };
                        // SAFETY: ICU declares the function with this type; a null pointer is `None`.
                        unsafe { std::mem::transmute::<*mut c_void, Option<$function>>(found) }?
                    },)*
                })
            }
        }
    };
}

functions! {
    ucol_open: unsafe extern "C" fn(*const c_char, *mut Status) -> *mut c_void;
    ucol_getVersion: unsafe extern "C" fn(*const c_void, *mut u8);
    ucol_strcollUTF8:
        unsafe extern "C" fn(*const c_void, *const c_char, i32, *const c_char, i32, *mut Status) -> i32;
    ucol_getSortKey: unsafe extern "C" fn(*const c_void, *const u16, i32, *mut u8, i32) -> i32;
    u_strToUpper: Mapping;
    u_strToLower: Mapping;
    u_strToTitle: unsafe extern "C" fn(
        *mut u16, i32, *const u16, i32, *mut c_void, *const c_char, *mut Status,
    ) -> i32;
    u_errorName: unsafe extern "C" fn(Status) -> *const c_char;
}

static LIBRARY: LazyLock<Option<Library>> = LazyLock::new(|| VERSIONS.rev().find_map(open));

/// `libicui18n` depends on all other parts, so that their functions are found through it.
fn open(version: u32) -> Option<Library> {
    let name = CString::new(format!("libicui18n.so.{version}")).ok()?;
    // SAFETY: the name ends with a zero byte; ICU's initialisers have no preconditions.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    Library::load(NonNull::new(handle)?, version)
}

/// The library, or PostgreSQL's error where there is none.
fn library() -> Result<&'static Library> {
    LIBRARY.as_ref().ok_or_else(|| {
        PgError::new(code::FEATURE_NOT_SUPPORTED, "ICU is not supported in this build")
    })
}

/// Whether there is a library.
pub fn is_available() -> bool {
    LIBRARY.is_some()
}

/// An order of texts, by the rules of a locale.
pub struct Collator {
    library: &'static Library,
    /// `UCollator`, open for good.
    raw: NonNull<c_void>,
}

// SAFETY: only functions that take a `const UCollator` are called, which ICU allows from all threads.
unsafe impl Send for Collator {}
// SAFETY: as above.
unsafe impl Sync for Collator {}

impl Collator {
    /// The collator of a locale, as BCP 47 or ICU itself writes it. ICU takes nearly any: a language
    /// that it does not know has the root locale's order.
    pub fn open(locale: &str) -> Result<Collator> {
        let library = library()?;
        let name = locale_name(locale)?;
        let mut status = 0;
        // SAFETY: the name ends with a zero byte, the status is 0 as ICU asks.
        let raw = unsafe { (library.ucol_open)(name.as_ptr(), &mut status) };
        match NonNull::new(raw) {
            Some(raw) if status <= 0 => Ok(Collator { library, raw }),
            _ => {
                let why = library.error_name(status);
                let message = format!("could not open collator for locale \"{locale}\": {why}");
                Err(PgError::new(code::INTERNAL_ERROR, message))
            }
        }
    }

    /// The version of the order: that of the algorithm and of the locale's rules. Where it is another,
    /// so may sort keys be.
    pub fn version(&self) -> String {
        let mut version = [0; 4];
        // SAFETY: the collator is open; ICU writes four bytes.
        unsafe { (self.library.ucol_getVersion)(self.raw.as_ptr(), version.as_mut_ptr()) };
        let shown = version.iter().rposition(|part| *part != 0).map_or(0, |last| last + 1).max(2);
        version[..shown].iter().map(u8::to_string).collect::<Vec<_>>().join(".")
    }

    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        let mut status = 0;
        // SAFETY: the collator is open; pointers and lengths are those of the texts, which are UTF-8.
        let order = unsafe {
            let (a, a_bytes) = (a.as_ptr().cast(), length(a.len()));
            let (b, b_bytes) = (b.as_ptr().cast(), length(b.len()));
            (self.library.ucol_strcollUTF8)(self.raw.as_ptr(), a, a_bytes, b, b_bytes, &mut status)
        };
        assert!(status <= 0, "ICU compares all texts, or memory is out");
        order.cmp(&0)
    }

    /// Bytes whose order is that of the texts; they end with a zero byte and have no other.
    pub fn sort_key(&self, text: &str) -> Vec<u8> {
        let wide: Vec<u16> = text.encode_utf16().collect();
        let mut key = Vec::with_capacity(wide.len() * 3 + 16);
        loop {
            // SAFETY: the collator is open; pointers and lengths are those of the vectors.
            let needed = unsafe {
                let (wide, units) = (wide.as_ptr(), length(wide.len()));
                let (out, room) = (key.as_mut_ptr(), length(key.capacity()));
                (self.library.ucol_getSortKey)(self.raw.as_ptr(), wide, units, out, room)
            };
            let needed = usize::try_from(needed).unwrap_or(0);
            assert!(needed > 0, "ICU makes keys of all texts, or memory is out");
            if needed <= key.capacity() {
                // SAFETY: ICU has written so many bytes.
                unsafe { key.set_len(needed) };
                return key;
            }
            key.reserve(needed);
        }
    }
}

/// Lengths of ICU are 32 bits wide; PostgreSQL's texts are shorter than 1 GB.
fn length(len: usize) -> i32 {
    i32::try_from(len).expect("no text is as long")
}

fn locale_name(locale: &str) -> Result<CString> {
    CString::new(locale).map_err(|_| {
        PgError::new(code::CHARACTER_NOT_IN_REPERTOIRE, "a locale's name has a zero byte")
    })
}

impl Library {
    /// The name of an error, such as `U_ILLEGAL_ARGUMENT_ERROR`.
    fn error_name(&self, status: Status) -> String {
        // SAFETY: ICU gives a constant string for any number.
        let name = unsafe { CStr::from_ptr((self.u_errorName)(status)) };
        name.to_string_lossy().into_owned()
    }
}

/// How a text changes its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Upper,
    Lower,
    /// The first letter of each word is upper case, others lower case.
    Title,
}

/// A text in another case, by the rules of a locale.
pub fn change_case(text: &str, locale: &str, case: Case) -> Result<String> {
    let library = library()?;
    let locale = locale_name(locale)?;
    let from: Vec<u16> = text.encode_utf16().collect();
    let mut to: Vec<u16> = vec![0; from.len() + 16];
    loop {
        let mut status = 0;
        let (out, room) = (to.as_mut_ptr(), length(to.len()));
        let (wide, units) = (from.as_ptr(), length(from.len()));
        let (locale, failed) = (locale.as_ptr(), &raw mut status);
        // SAFETY: pointers and lengths are those of the vectors; without an iterator ICU makes one.
        let needed = unsafe {
            match case {
                Case::Upper => (library.u_strToUpper)(out, room, wide, units, locale, failed),
                Case::Lower => (library.u_strToLower)(out, room, wide, units, locale, failed),
                Case::Title => {
                    let breaks = null::<c_void>().cast_mut();
                    (library.u_strToTitle)(out, room, wide, units, breaks, locale, failed)
                }
            }
        };
        let needed = usize::try_from(needed).unwrap_or(0);
        match status {
            BUFFER_OVERFLOW => to.resize(needed, 0),
            ..=0 => {
                to.truncate(needed);
                return Ok(String::from_utf16_lossy(&to));
            }
            failed => {
                let message = format!("case conversion failed: {}", library.error_name(failed));
                return Err(PgError::new(code::INTERNAL_ERROR, message));
            }
        }
    }
}
