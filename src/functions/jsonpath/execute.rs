//! Evaluation: items through a chain of accessors.

use super::item::{Item, Kind, Part};
use super::{Failure, suppressible};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::types::Numeric;
use crate::types::jsonb::{Jsonb, View};
use crate::types::jsonpath::{Arithmetic, Chain, Item as Link, Path};

/// Whether a part of a path gave anything.
pub(super) type Exec = Result<bool, Failure>;

/// Where to put the items that a path gives; `None` where it only matters whether there is one, so
/// that the evaluation ends with the first.
pub(super) type Found<'f> = Option<&'f mut Vec<Item>>;

pub(super) struct Executor<'a> {
    pub ctx: &'a Ctx<'a>,
    pub lax: bool,
    /// Whether errors reach the client.
    throw: bool,
    /// Whether conversions may use the session's time zone.
    pub zoned: bool,
    root: Item,
    /// `@`
    pub current: Option<Item>,
    variables: Option<&'a Jsonb>,
    /// The length of the innermost array that is subscripted: what `last` counts from.
    array_length: usize,
    /// Missing members and wrong types of items are passed over.
    ignore_structure: bool,
    /// For the next document that `.keyvalue()` makes.
    next_document_id: i64,
}

/// The document ids of `$` and of the variables.
const ROOT_ID: i64 = 0;
const VARIABLES_ID: i64 = 1;

impl<'a> Executor<'a> {
    pub fn new(
        ctx: &'a Ctx<'a>,
        document: &'a Jsonb,
        variables: Option<&'a Jsonb>,
        throw: bool,
        zoned: bool,
    ) -> Result<Executor<'a>> {
        if variables.is_some_and(|v| !matches!(v.root().view(), View::Object(_))) {
            let message = "\"vars\" argument is not an object";
            return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message).detail(
                "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.",
            ));
        }
        Ok(Executor {
            ctx,
            lax: true,
            throw,
            zoned,
            root: Item::of_document(document, ROOT_ID),
            current: None,
            variables,
            array_length: 0,
            ignore_structure: true,
            next_document_id: if variables.is_some() { 2 } else { 1 },
        })
    }

    pub fn run(&mut self, path: &Path, found: Found<'_>) -> Exec {
        (self.lax, self.ignore_structure) = (path.lax, path.lax);
        let root = self.root.clone();
        self.current = Some(root.clone());
        if found.is_none() && !self.lax {
            // Strict mode must see that there is no error behind the first item.
            let mut all = Vec::new();
            self.chain(&path.expression, &root, Some(&mut all))?;
            return Ok(!all.is_empty());
        }
        self.chain(&path.expression, &root, found)
    }

    pub fn chain(&mut self, chain: &Chain, item: &Item, found: Found<'_>) -> Exec {
        self.links(&chain.0, item, found)
    }

    fn links(&mut self, links: &[Link], item: &Item, found: Found<'_>) -> Exec {
        self.link(links, item, found, self.lax)
    }

    /// What comes behind a link: the next one, or the result.
    pub fn rest(&mut self, rest: &[Link], item: Item, found: Found<'_>) -> Exec {
        if !rest.is_empty() {
            return self.links(rest, &item, found);
        }
        if let Some(found) = found {
            found.push(item);
        }
        Ok(true)
    }

    /// The items that a chain gives; in lax mode arrays among them are unwrapped if `unwrap`.
    pub fn items(
        &mut self,
        chain: &Chain,
        item: &Item,
        unwrap: bool,
    ) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        self.chain(chain, item, Some(&mut items))?;
        if !unwrap || !self.lax || !items.iter().any(|item| item.as_array().is_some()) {
            return Ok(items);
        }
        let mut unwrapped = Vec::new();
        for item in items {
            match item.as_array() {
                Some(part) => unwrapped.extend(children(part)),
                None => unwrapped.push(item),
            }
        }
        Ok(unwrapped)
    }

    /// Applies the first link to an item. With `unwrap`, links for other items than arrays are
    /// applied to an array's elements.
    fn link(&mut self, links: &[Link], item: &Item, found: Found<'_>, unwrap: bool) -> Exec {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.link_here(links, item, found, unwrap))
    }

    fn link_here(&mut self, links: &[Link], item: &Item, found: Found<'_>, unwrap: bool) -> Exec {
        let (link, rest) = links.split_first().expect("chains are not empty");
        if unwrap
            && unwraps(link)
            && let Some(part) = item.as_array()
        {
            return self.descend(links, part, found, Descent::ELEMENTS);
        }
        match link {
            Link::Null => self.rest(rest, Item::Null, found),
            Link::Bool(value) => self.rest(rest, Item::Bool(*value), found),
            Link::Number(value) => self.rest(rest, Item::Number(value.clone()), found),
            Link::String(value) => self.rest(rest, Item::String(value.as_str().into()), found),
            Link::Variable(name) => {
                let value = self.variable(name).map_err(Failure::Fatal)?;
                self.rest(rest, value, found)
            }
            Link::Root => self.rest(rest, self.root.clone(), found),
            Link::Current => {
                let current = self.current.clone().unwrap_or(Item::Null);
                self.rest(rest, current, found)
            }
            Link::Last => {
                let last = self.array_length as i64 - 1;
                self.rest(rest, Item::Number(Numeric::from_i64(last)), found)
            }
            Link::Arithmetic(operator, a, b) => {
                let value = self.arithmetic(*operator, a, b, item)?;
                self.rest(rest, Item::Number(value), found)
            }
            Link::Sign(minus, argument) => self.sign(*minus, argument, rest, item, found),
            Link::Key(key) => self.key(key, rest, item, found),
            Link::AnyKey => self.any_key(rest, item, found),
            Link::AnyArray => self.any_array(rest, item, found),
            Link::Subscripts(subscripts) => self.subscripts(subscripts, rest, item, found),
            Link::Any(first, last) => self.any(*first, *last, rest, item, found),
            Link::Filter(predicate) => match self.filter(predicate, item)? {
                true => self.rest(rest, item.clone(), found),
                false => Ok(false),
            },
            Link::Method(method) => self.method(*method, rest, item, found),
            Link::Datetime(template) => {
                let moment = self.datetime(template.as_deref(), item)?;
                self.rest(rest, Item::Datetime(moment), found)
            }
            predicate => {
                let truth = self.truth(predicate, item)?;
                self.rest(rest, truth.item(), found)
            }
        }
    }

    /// A variable's value. Operators have no variables: theirs are null.
    fn variable(&self, name: &str) -> Result<Item> {
        let Some(variables) = self.variables else { return Ok(Item::Null) };
        let range = 0..variables.as_bytes().len();
        let part = Part { document: variables.clone(), range, document_id: VARIABLES_ID };
        match variables.root().get(name) {
            Some(node) => Ok(part.item(node)),
            None => {
                let message = format!("could not find jsonpath variable \"{name}\"");
                Err(PgError::new(code::UNDEFINED_OBJECT, message))
            }
        }
    }

    pub fn new_document_id(&mut self) -> i64 {
        self.next_document_id += 1;
        self.next_document_id - 1
    }

    /// An error about the structure of the document: nothing found where those are ignored.
    pub fn structural(&self, code: crate::error::SqlState, message: impl Into<String>) -> Exec {
        if self.ignore_structure { Ok(false) } else { Err(suppressible(code, message)) }
    }

    fn key(&mut self, key: &str, rest: &[Link], item: &Item, found: Found<'_>) -> Exec {
        let Some(object) = item.as_object() else {
            let message = "jsonpath member accessor can only be applied to an object";
            return self.structural(code::SQL_JSON_MEMBER_NOT_FOUND, message);
        };
        match object.node().get(key) {
            Some(value) => self.rest(rest, object.item(value), found),
            None => {
                let message = format!("JSON object does not contain key \"{key}\"");
                self.structural(code::SQL_JSON_MEMBER_NOT_FOUND, message)
            }
        }
    }

    fn any_key(&mut self, rest: &[Link], item: &Item, found: Found<'_>) -> Exec {
        match item.as_object() {
            Some(object) => {
                let descent = Descent { unwrap: self.lax, ..Descent::ELEMENTS };
                self.descend(rest, object, found, descent)
            }
            None => {
                let message = "jsonpath wildcard member accessor can only be applied to an object";
                self.structural(code::SQL_JSON_OBJECT_NOT_FOUND, message)
            }
        }
    }

    fn any_array(&mut self, rest: &[Link], item: &Item, found: Found<'_>) -> Exec {
        match item.as_array() {
            Some(array) => {
                let descent = Descent { unwrap: self.lax, ..Descent::ELEMENTS };
                self.descend(rest, array, found, descent)
            }
            None if self.lax => self.rest(rest, item.clone(), found),
            None => {
                let message = "jsonpath wildcard array accessor can only be applied to an array";
                self.structural(code::SQL_JSON_ARRAY_NOT_FOUND, message)
            }
        }
    }

    fn subscripts(
        &mut self,
        subscripts: &[(Chain, Option<Chain>)],
        rest: &[Link],
        item: &Item,
        found: Found<'_>,
    ) -> Exec {
        let array = item.as_array();
        if array.is_none() && !self.lax {
            let message = "jsonpath array accessor can only be applied to an array";
            return self.structural(code::SQL_JSON_ARRAY_NOT_FOUND, message);
        }
        // In lax mode another item is an array of itself.
        let length = array.map_or(1, length_of);
        let outer_length = std::mem::replace(&mut self.array_length, length);
        let outcome = self.elements(subscripts, length, rest, item, found);
        self.array_length = outer_length;
        outcome
    }

    fn elements(
        &mut self,
        subscripts: &[(Chain, Option<Chain>)],
        length: usize,
        rest: &[Link],
        item: &Item,
        mut found: Found<'_>,
    ) -> Exec {
        let mut any = false;
        for (from, to) in subscripts {
            let from = self.subscript(from, item)?;
            let to = to.as_ref().map_or(Ok(from), |to| self.subscript(to, item))?;
            let length = length as i64;
            if !self.ignore_structure && (from < 0 || from > to || to >= length) {
                let message = "jsonpath array subscript is out of bounds";
                return Err(suppressible(code::INVALID_SQL_JSON_SUBSCRIPT, message));
            }
            any = false;
            for index in from.max(0)..=to.min(length - 1) {
                let element = match item.as_array() {
                    Some(part) => match part.node().at(index) {
                        Some(node) => part.item(node),
                        None => continue,
                    },
                    None => item.clone(),
                };
                any = self.rest(rest, element, found.as_deref_mut())?;
                if any && found.is_none() {
                    return Ok(true);
                }
            }
        }
        Ok(any)
    }

    /// A subscript's value, without its fraction.
    fn subscript(&mut self, subscript: &Chain, item: &Item) -> Result<i64, Failure> {
        let items = self.items(subscript, item, false)?;
        let [Item::Number(number)] = &items[..] else {
            let message = "jsonpath array subscript is not a single numeric value";
            return Err(suppressible(code::INVALID_SQL_JSON_SUBSCRIPT, message));
        };
        number.trunc(0).to_i32().map(i64::from).map_err(|_| {
            let message = "jsonpath array subscript is out of integer range";
            suppressible(code::INVALID_SQL_JSON_SUBSCRIPT, message)
        })
    }

    fn any(
        &mut self,
        first: Option<u32>,
        last: Option<u32>,
        rest: &[Link],
        item: &Item,
        mut found: Found<'_>,
    ) -> Exec {
        let mut outcome = Ok(false);
        if first == Some(0) {
            let outer = std::mem::replace(&mut self.ignore_structure, true);
            outcome = self.rest(rest, item.clone(), found.as_deref_mut());
            self.ignore_structure = outer;
            if matches!(outcome, Ok(true)) && found.is_none() {
                return outcome;
            }
        }
        // As in PostgreSQL, a suppressed error of the item itself does not hide its parts.
        match item {
            Item::Container(part) if outcome.is_ok() || !self.throw => {
                let levels = (first.unwrap_or(LAST), last.unwrap_or(LAST));
                let descent =
                    Descent { level: 1, levels, ignore_structure: true, unwrap: self.lax };
                self.descend(rest, part, found, descent)
            }
            _ => outcome,
        }
    }

    /// Hands a container's parts, at some levels below it, to the links.
    pub fn descend(
        &mut self,
        links: &[Link],
        part: &Part,
        mut found: Found<'_>,
        descent: Descent,
    ) -> Exec {
        let (first, last) = descent.levels;
        let mut outcome = false;
        if descent.level > last {
            return Ok(false);
        }
        for child in children(part) {
            let is_leaf = !matches!(child, Item::Container(_));
            let leaves_only = first == LAST && last == LAST;
            if descent.level >= first || leaves_only && is_leaf {
                outcome = self.part(links, &child, found.as_deref_mut(), descent)?;
                if outcome && found.is_none() {
                    return Ok(true);
                }
            }
            if let Item::Container(part) = &child
                && descent.level < last
            {
                let deeper = Descent { level: descent.level + 1, ..descent };
                outcome = stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    self.descend(links, part, found.as_deref_mut(), deeper)
                })?;
                if outcome && found.is_none() {
                    return Ok(true);
                }
            }
        }
        Ok(outcome)
    }

    fn part(&mut self, links: &[Link], item: &Item, found: Found<'_>, descent: Descent) -> Exec {
        if links.is_empty() {
            return self.rest(links, item.clone(), found);
        }
        let ignore = self.ignore_structure || descent.ignore_structure;
        let outer = std::mem::replace(&mut self.ignore_structure, ignore);
        let outcome = self.link(links, item, found, descent.unwrap);
        self.ignore_structure = outer;
        outcome
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        a: &Chain,
        b: &Chain,
        item: &Item,
    ) -> Result<Numeric, Failure> {
        let (a, b) = (self.items(a, item, true)?, self.items(b, item, true)?);
        let operand = |items: &[Item], side: &str| match items {
            [Item::Number(number)] => Ok(number.clone()),
            _ => {
                let symbol = operator.symbol();
                let message = format!(
                    "{side} operand of jsonpath operator {symbol} is not a single numeric value"
                );
                Err(suppressible(code::SINGLETON_SQL_JSON_ITEM_REQUIRED, message))
            }
        };
        let (a, b) = (operand(&a, "left")?, operand(&b, "right")?);
        let result = match operator {
            Arithmetic::Add => a.add(&b),
            Arithmetic::Sub => a.sub(&b),
            Arithmetic::Mul => a.mul(&b),
            Arithmetic::Div => a.div(&b),
            Arithmetic::Mod => a.rem(&b),
        };
        result.map_err(Failure::Suppressible)
    }

    /// `+` and `-` of every item.
    fn sign(
        &mut self,
        minus: bool,
        argument: &Chain,
        rest: &[Link],
        item: &Item,
        mut found: Found<'_>,
    ) -> Exec {
        let only_exists = found.is_none() && rest.is_empty();
        let mut any = false;
        for item in self.items(argument, item, true)? {
            let Item::Number(number) = item else {
                if only_exists {
                    continue;
                }
                let symbol = if minus { '-' } else { '+' };
                let message =
                    format!("operand of unary jsonpath operator {symbol} is not a numeric value");
                return Err(suppressible(code::SQL_JSON_NUMBER_NOT_FOUND, message));
            };
            let value = Item::Number(if minus { number.neg() } else { number });
            any |= self.rest(rest, value, found.as_deref_mut())?;
            if any && found.is_none() {
                break;
            }
        }
        Ok(any)
    }
}

/// `last` as a level of `.**`.
const LAST: u32 = u32::MAX;

/// How [`Executor::descend`] goes through a container.
#[derive(Clone, Copy)]
pub(super) struct Descent {
    /// The level of the container's own parts.
    level: u32,
    /// The first and last levels whose parts count.
    levels: (u32, u32),
    ignore_structure: bool,
    /// As for [`Executor::link`].
    unwrap: bool,
}

impl Descent {
    /// The container's own parts, which are not unwrapped any further.
    pub const ELEMENTS: Descent =
        Descent { level: 1, levels: (1, 1), ignore_structure: false, unwrap: false };
}

/// Accessors that in lax mode go through an array to its elements.
fn unwraps(link: &Link) -> bool {
    use crate::types::jsonpath::Method;
    match link {
        Link::Key(_) | Link::AnyKey | Link::Filter(_) | Link::Datetime(_) => true,
        Link::Method(method) => !matches!(method, Method::Type | Method::Size),
        _ => false,
    }
}

pub(super) fn length_of(array: &Part) -> usize {
    match array.node().view() {
        View::Array(items) => items.len(),
        _ => 0,
    }
}

/// An array's elements or an object's values.
fn children(part: &Part) -> Vec<Item> {
    match part.node().view() {
        View::Array(items) => items.iter().map(|node| part.item(node)).collect(),
        View::Object(pairs) => pairs.iter().map(|(_, node)| part.item(node)).collect(),
        _ => Vec::new(),
    }
}

impl Kind {
    /// As `.type()` calls it; dates and times have names of their own.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
            Kind::Datetime => "datetime",
        }
    }
}
