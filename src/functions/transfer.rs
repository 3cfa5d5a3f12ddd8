//! Binary forms as the client has them: what is text in them is in its encoding (`client_encoding`).
//!
//! Arrays and rows say in their binary form what they are made of, so they are rewritten from the
//! outside, part by part. Where the client's encoding is the server's nothing is looked at.

use super::Env;
use super::io::{binary_in, binary_out, shown_type};
use crate::catalog::{Catalog, UserTypeKind};
use crate::error::Result;
use crate::types::{Datum, Oid, array, oids};
use std::borrow::Cow;

/// `xml` and `xml[]` have no values yet, but what they will be is known.
const XML: Oid = 142;

/// Appends a value's binary form, as `typsend`. Not for NULL.
pub fn send(env: &dyn Env, type_oid: Oid, value: &Datum, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    binary_out(env, type_oid, value, out);
    let charset = env.format().client_encoding;
    if charset.is_servers() || out[start..].is_ascii() {
        return Ok(());
    }
    let form = out.split_off(start);
    let encode = |text: &[u8]| Ok(charset.encode(crate::types::string::from_utf8(text)?)?.into());
    out.extend_from_slice(&rewrite(env, type_oid, &form, &encode)?);
    Ok(())
}

/// Reads a value's binary form, as `typreceive`.
pub fn receive(env: &dyn Env, type_oid: Oid, typmod: i32, bytes: &[u8]) -> Result<Datum> {
    let charset = env.format().client_encoding;
    if charset.is_servers() || bytes.is_ascii() {
        return binary_in(env, type_oid, typmod, bytes);
    }
    let decode = |text: &[u8]| Ok(charset.decode(text)?.into_owned().into_bytes());
    binary_in(env, type_oid, typmod, &rewrite(env, type_oid, bytes, &decode)?)
}

/// Where a type's binary form has text.
enum Form {
    Text,
    /// Behind a byte for the version.
    Versioned,
    Array,
    Record,
    /// An `hstore`: pairs of texts.
    Strings,
    /// Its bounds' type.
    Range(Oid),
    /// The type of its ranges.
    Multirange(Oid),
    None,
}

fn form(env: &dyn Env, type_oid: Oid) -> Form {
    let shown = shown_type(env, type_oid);
    match shown {
        oids::TEXT
        | oids::VARCHAR
        | oids::BPCHAR
        | oids::NAME
        | oids::CITEXT
        | oids::UNKNOWN
        | oids::CSTRING
        | oids::REFCURSOR
        | oids::JSON
        | oids::PG_NODE_TREE
        | XML => return Form::Text,
        oids::JSONB | oids::JSONPATH => return Form::Versioned,
        oids::RECORD => return Form::Record,
        oids::HSTORE => return Form::Strings,
        _ => {}
    }
    let catalog = env.catalog();
    if Catalog::is_system(shown) {
        return array::element_type(shown).map_or(Form::None, |_| Form::Array);
    }
    match catalog.user_type(shown).map(|found| &found.kind) {
        Some(UserTypeKind::Enum(_)) => Form::Text,
        Some(UserTypeKind::Range(range)) => Form::Range(range.subtype),
        Some(UserTypeKind::Multirange(range)) => Form::Multirange(*range),
        Some(UserTypeKind::Domain(_)) => Form::None,
        None if catalog.row_type_relation(shown).is_some() => Form::Record,
        None if catalog.element_of(shown).is_some() => Form::Array,
        None => Form::None,
    }
}

type Convert<'c> = dyn Fn(&[u8]) -> Result<Vec<u8>> + 'c;

/// A binary form with its text converted. One that is not well-formed stays as it is from there on;
/// reading it will tell.
fn rewrite<'b>(
    env: &dyn Env,
    type_oid: Oid,
    bytes: &'b [u8],
    convert: &Convert<'_>,
) -> Result<Cow<'b, [u8]>> {
    let mut form_of = Rewriter { env, convert, rest: bytes, out: Vec::with_capacity(bytes.len()) };
    match form(env, type_oid) {
        Form::Text => return Ok(Cow::Owned(convert(bytes)?)),
        Form::None => return Ok(Cow::Borrowed(bytes)),
        Form::Versioned => {
            form_of.copy(1);
            form_of.out.extend(convert(form_of.rest)?);
            return Ok(Cow::Owned(form_of.out));
        }
        Form::Array => form_of.array()?,
        Form::Record => form_of.record()?,
        Form::Strings => form_of.strings()?,
        Form::Range(subtype) => form_of.range(subtype)?,
        Form::Multirange(range) => form_of.multirange(range)?,
    };
    form_of.out.extend_from_slice(form_of.rest);
    Ok(Cow::Owned(form_of.out))
}

struct Rewriter<'a> {
    env: &'a dyn Env,
    convert: &'a Convert<'a>,
    rest: &'a [u8],
    out: Vec<u8>,
}

/// `None`: the form ends too early.
impl Rewriter<'_> {
    fn copy(&mut self, bytes: usize) -> Option<()> {
        let (head, rest) = self.rest.split_at_checked(bytes)?;
        self.out.extend_from_slice(head);
        self.rest = rest;
        Some(())
    }

    fn number(&mut self) -> Option<u32> {
        let number = u32::from_be_bytes(*self.rest.first_chunk()?);
        self.copy(4)?;
        Some(number)
    }

    /// Dimensions, whether there are NULLs, the elements' type; per dimension length and lower
    /// bound; the elements.
    fn array(&mut self) -> Result<Option<()>> {
        let Some((dimensions, element)) = (|| {
            let dimensions = self.number()?;
            self.number()?;
            Some((dimensions, self.number()?))
        })() else {
            return Ok(None);
        };
        let mut elements: u64 = u64::from(dimensions.min(1));
        for _ in 0..dimensions {
            let Some(length) = self.number() else { return Ok(None) };
            elements = elements.saturating_mul(u64::from(length));
            self.copy(4);
        }
        for _ in 0..elements {
            if self.value(element)?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    /// The number of fields; per field its type and value.
    fn record(&mut self) -> Result<Option<()>> {
        for _ in 0..self.number().unwrap_or(0) {
            let Some(type_oid) = self.number() else { break };
            if self.value(type_oid)?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    /// The number of pairs; keys and values.
    fn strings(&mut self) -> Result<Option<()>> {
        for _ in 0..u64::from(self.number().unwrap_or(0)) * 2 {
            if self.value(oids::TEXT)?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    /// A byte of flags, then the bounds that there are.
    fn range(&mut self, subtype: Oid) -> Result<Option<()>> {
        self.copy(1);
        while !self.rest.is_empty() {
            if self.value(subtype)?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    /// The number of ranges, then each.
    fn multirange(&mut self, range: Oid) -> Result<Option<()>> {
        for _ in 0..self.number().unwrap_or(0) {
            if self.value(range)?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    /// A length and as many bytes; -1 is NULL.
    fn value(&mut self, type_oid: Oid) -> Result<Option<()>> {
        let Some((length, rest)) = self.rest.split_first_chunk::<4>() else { return Ok(None) };
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            return Ok(self.copy(4));
        };
        let Some((value, rest)) = rest.split_at_checked(length) else { return Ok(None) };
        let value = rewrite(self.env, type_oid, value, self.convert)?;
        let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(&value);
        self.rest = rest;
        Ok(Some(()))
    }
}
