//! `TYPE 'filesystem'`: a directory of the server's machine.

use super::{Definition, invalid};
use crate::error::Result;
use crate::storage::cold::Place;
use std::path::{Component, Path};

pub(super) const OPTIONS: &[&str] = &["url"];

const HINT: &str = "It is an absolute path, plain or as file:///path.";

pub(super) fn place(definition: &Definition<'_>) -> Result<Place> {
    let url = definition.url();
    let path = Path::new(url.strip_prefix("file://").unwrap_or(url));
    let goes_down = |c: Component<'_>| matches!(c, Component::RootDir | Component::Normal(_));
    match path.is_absolute() && path.components().all(goes_down) {
        true => Ok(Place::Directory(path.to_owned())),
        false => Err(invalid("url", url, HINT)),
    }
}
