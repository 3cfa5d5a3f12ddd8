//! Tokens → tree, by recursive descent.
//!
//! ```text
//! path       = [strict | lax] (expression | predicate)
//! predicate  = predicate && predicate | predicate || predicate | ! delimited | delimited
//!            | (predicate) is unknown | expression (== …) expression
//!            | expression starts with … | expression like_regex …
//! delimited  = (predicate) | exists (expression)
//! expression = operand accessor* | (expression | predicate) accessor+ | (expression)
//!            | ± expression | expression (+ - * / %) expression
//! ```

use super::lexer::{Keyword, Lexer, Token, error_at};
use super::{Arithmetic, Chain, Comparison, Item, LikeRegex, Path};
use crate::error::{PgError, Result, code};
use crate::types::{Numeric, input, int};

/// Nesting beyond this is PostgreSQL's `stack depth limit exceeded`.
const DEPTH_MAX: usize = 5000;

/// Reads a path; 42601 or 22P02 where the text is none.
pub fn parse(text: &str) -> Result<Path> {
    let mut lexer = Lexer::new(text);
    let token = lexer.next()?;
    if token == Token::End {
        return Err(input::invalid_input("jsonpath", text));
    }
    let mut parser = Parser { lexer, token, depth: 0 };
    let lax = match parser.token {
        Token::Keyword(Keyword::Strict) => false,
        Token::Keyword(Keyword::Lax) => true,
        _ => return finish(parser, true),
    };
    parser.advance()?;
    finish(parser, lax)
}

fn finish(mut parser: Parser<'_>, lax: bool) -> Result<Path> {
    let operand = parser.any()?;
    parser.expect_token(Token::End)?;
    check_places(&operand.chain, Places { filters: 0, in_subscript: false })?;
    Ok(Path { lax, expression: operand.chain })
}

/// An expression or predicate.
struct Operand {
    chain: Chain,
    is_predicate: bool,
}

impl Operand {
    fn expression(chain: Chain) -> Operand {
        Operand { chain, is_predicate: false }
    }

    fn predicate(item: Item) -> Operand {
        Operand { chain: Chain(vec![item]), is_predicate: true }
    }

    fn boxed(self) -> Box<Chain> {
        Box::new(self.chain)
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    depth: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<()> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn error(&self) -> PgError {
        error_at(self.lexer.matched, "syntax error")
    }

    fn accept(&mut self, token: Token) -> Result<bool> {
        let found = self.token == token;
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect_token(&mut self, token: Token) -> Result<()> {
        match token {
            _ if self.token != token => Err(self.error()),
            Token::End => Ok(()),
            _ => self.advance(),
        }
    }

    fn expect(&mut self, special: char) -> Result<()> {
        self.expect_token(Token::Special(special))
    }

    /// The value of a token that must be of a kind.
    fn value_of(&mut self, token: Token) -> Result<String> {
        if self.token != token {
            return Err(self.error());
        }
        let value = std::mem::take(&mut self.lexer.value);
        self.advance()?;
        Ok(value)
    }

    /// An expression or predicate, whichever stands there.
    fn any(&mut self) -> Result<Operand> {
        self.nested(Self::or)
    }

    fn predicate(&mut self) -> Result<Operand> {
        let operand = self.any()?;
        self.must_be(operand, true)
    }

    fn expression(&mut self) -> Result<Operand> {
        let operand = self.nested(|p| p.sum())?;
        self.must_be(operand, false)
    }

    /// What is wrong with an operand of the other kind is the token behind it.
    fn must_be(&self, operand: Operand, is_predicate: bool) -> Result<Operand> {
        if operand.is_predicate == is_predicate { Ok(operand) } else { Err(self.error()) }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Operand>) -> Result<Operand> {
        if self.depth == DEPTH_MAX {
            let message = "stack depth limit exceeded";
            return Err(PgError::new(code::STATEMENT_TOO_COMPLEX, message));
        }
        self.depth += 1;
        let operand = stacker::maybe_grow(64 * 1024, 1024 * 1024, || read(self));
        self.depth -= 1;
        operand
    }

    fn or(&mut self) -> Result<Operand> {
        let mut left = self.and()?;
        while self.token == Token::Or {
            left = self.must_be(left, true)?;
            self.advance()?;
            let right = self.and()?;
            let right = self.must_be(right, true)?;
            left = Operand::predicate(Item::Or(left.boxed(), right.boxed()));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Operand> {
        let mut left = self.comparison()?;
        while self.token == Token::And {
            left = self.must_be(left, true)?;
            self.advance()?;
            let right = self.comparison()?;
            let right = self.must_be(right, true)?;
            left = Operand::predicate(Item::And(left.boxed(), right.boxed()));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Operand> {
        if self.accept(Token::Not)? {
            let argument = self.delimited()?;
            return Ok(Operand::predicate(Item::Not(argument.boxed())));
        }
        let left = self.sum()?;
        if left.is_predicate {
            return Ok(left);
        }
        let operator = match self.token {
            Token::Equal => Comparison::Equal,
            Token::NotEqual => Comparison::NotEqual,
            Token::Less => Comparison::Less,
            Token::Greater => Comparison::Greater,
            Token::LessOrEqual => Comparison::LessOrEqual,
            Token::GreaterOrEqual => Comparison::GreaterOrEqual,
            Token::Keyword(Keyword::Starts) => return self.starts_with(left),
            Token::Keyword(Keyword::LikeRegex) => return self.like_regex(left),
            _ => return Ok(left),
        };
        self.advance()?;
        let right = self.expression()?;
        Ok(Operand::predicate(Item::Compare(operator, left.boxed(), right.boxed())))
    }

    fn starts_with(&mut self, whole: Operand) -> Result<Operand> {
        self.advance()?;
        self.expect_token(Token::Keyword(Keyword::With))?;
        let initial = match self.token {
            Token::Variable => Item::Variable(self.value_of(Token::Variable)?),
            _ => Item::String(self.value_of(Token::String)?),
        };
        let initial = Box::new(Chain(vec![initial]));
        Ok(Operand::predicate(Item::StartsWith(whole.boxed(), initial)))
    }

    fn like_regex(&mut self, argument: Operand) -> Result<Operand> {
        self.advance()?;
        let pattern = self.value_of(Token::String)?;
        let flags = match self.accept(Token::Keyword(Keyword::Flag))? {
            true => self.value_of(Token::String)?,
            false => String::new(),
        };
        let regex = LikeRegex::new(pattern, &flags)?;
        Ok(Operand::predicate(Item::LikeRegex(argument.boxed(), regex)))
    }

    /// The argument of `!`.
    fn delimited(&mut self) -> Result<Operand> {
        if self.token == Token::Keyword(Keyword::Exists) {
            return self.exists();
        }
        self.expect('(')?;
        let predicate = self.predicate()?;
        self.expect(')')?;
        Ok(predicate)
    }

    fn exists(&mut self) -> Result<Operand> {
        self.advance()?;
        self.expect('(')?;
        let argument = self.expression()?;
        self.expect(')')?;
        Ok(Operand::predicate(Item::Exists(argument.boxed())))
    }

    fn sum(&mut self) -> Result<Operand> {
        let mut left = self.product()?;
        while let Token::Special(symbol @ ('+' | '-')) = self.token {
            left = self.must_be(left, false)?;
            self.advance()?;
            let right = self.product()?;
            let right = self.must_be(right, false)?;
            let operator = if symbol == '+' { Arithmetic::Add } else { Arithmetic::Sub };
            left = arithmetic(operator, left, right);
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Operand> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.token {
                Token::Special('*') => Arithmetic::Mul,
                Token::Special('/') => Arithmetic::Div,
                Token::Special('%') => Arithmetic::Mod,
                _ => return Ok(left),
            };
            left = self.must_be(left, false)?;
            self.advance()?;
            let right = self.signed()?;
            let right = self.must_be(right, false)?;
            left = arithmetic(operator, left, right);
        }
    }

    fn signed(&mut self) -> Result<Operand> {
        let Token::Special(sign @ ('+' | '-')) = self.token else { return self.accessed() };
        self.advance()?;
        let argument = self.nested(Self::signed)?;
        let argument = self.must_be(argument, false)?;
        let minus = sign == '-';
        let item = match &argument.chain.0[..] {
            [Item::Number(value)] if minus => Item::Number(value.neg()),
            [Item::Number(_)] => return Ok(argument),
            _ => Item::Sign(minus, argument.boxed()),
        };
        Ok(Operand::expression(Chain(vec![item])))
    }

    /// An operand with its accessors.
    fn accessed(&mut self) -> Result<Operand> {
        let mut operand = match self.token {
            Token::Special('(') => self.parenthesized()?,
            Token::Keyword(Keyword::Exists) => return self.exists(),
            _ => Operand::expression(Chain(vec![self.primary()?])),
        };
        if operand.is_predicate {
            if self.accept(Token::Keyword(Keyword::Is))? {
                self.expect_token(Token::Keyword(Keyword::Unknown))?;
                return Ok(Operand::predicate(Item::IsUnknown(operand.boxed())));
            }
            if !self.at_accessor() {
                return Ok(operand);
            }
            operand.is_predicate = false;
        }
        while self.at_accessor() {
            let accessor = self.accessor()?;
            operand.chain.0.push(accessor);
        }
        Ok(operand)
    }

    fn parenthesized(&mut self) -> Result<Operand> {
        self.advance()?;
        let operand = self.any()?;
        self.expect(')')?;
        Ok(operand)
    }

    fn primary(&mut self) -> Result<Item> {
        let item = match self.token {
            Token::String => return self.value_of(Token::String).map(Item::String),
            Token::Variable => return self.value_of(Token::Variable).map(Item::Variable),
            Token::Integer | Token::Decimal => Item::Number(Numeric::parse(&self.lexer.value)?),
            Token::Keyword(Keyword::Null) => Item::Null,
            Token::Keyword(Keyword::True) => Item::Bool(true),
            Token::Keyword(Keyword::False) => Item::Bool(false),
            Token::Keyword(Keyword::Last) => Item::Last,
            Token::Special('$') => Item::Root,
            Token::Special('@') => Item::Current,
            _ => return Err(self.error()),
        };
        self.advance()?;
        Ok(item)
    }

    fn at_accessor(&self) -> bool {
        matches!(self.token, Token::Special('.' | '[' | '?'))
    }

    fn accessor(&mut self) -> Result<Item> {
        let token = self.token;
        self.advance()?;
        match token {
            Token::Special('.') => self.member(),
            Token::Special('[') => self.subscripts(),
            _ => {
                self.expect('(')?;
                let predicate = self.predicate()?;
                self.expect(')')?;
                Ok(Item::Filter(predicate.boxed()))
            }
        }
    }

    fn member(&mut self) -> Result<Item> {
        match self.token {
            Token::Special('*') => {
                self.advance()?;
                Ok(Item::AnyKey)
            }
            Token::Any => {
                self.advance()?;
                self.levels()
            }
            Token::Name | Token::String => {
                let token = self.token;
                self.value_of(token).map(Item::Key)
            }
            Token::Keyword(keyword) => {
                let name = self.value_of(Token::Keyword(keyword))?;
                self.key_or_method(keyword, name)
            }
            _ => Err(self.error()),
        }
    }

    fn key_or_method(&mut self, keyword: Keyword, name: String) -> Result<Item> {
        let is_call = self.token == Token::Special('(');
        match keyword {
            Keyword::Method(method) if is_call => {
                self.advance()?;
                self.expect(')')?;
                Ok(Item::Method(method))
            }
            Keyword::Datetime if is_call => {
                self.advance()?;
                let template = match self.token {
                    Token::String => Some(self.value_of(Token::String)?),
                    _ => None,
                };
                self.expect(')')?;
                Ok(Item::Datetime(template))
            }
            _ => Ok(Item::Key(name)),
        }
    }

    /// The levels of `.**`.
    fn levels(&mut self) -> Result<Item> {
        if !self.accept(Token::Special('{'))? {
            return Ok(Item::Any(Some(0), None));
        }
        let first = self.level()?;
        let last = match self.accept(Token::Keyword(Keyword::To))? {
            true => self.level()?,
            false => first,
        };
        self.expect('}')?;
        Ok(Item::Any(first, last))
    }

    fn level(&mut self) -> Result<Option<u32>> {
        if self.accept(Token::Keyword(Keyword::Last))? {
            return Ok(None);
        }
        let level: i32 = int::parse(&self.value_of(Token::Integer)?, "integer")?;
        Ok(Some(level.unsigned_abs()))
    }

    fn subscripts(&mut self) -> Result<Item> {
        if self.accept(Token::Special('*'))? {
            self.expect(']')?;
            return Ok(Item::AnyArray);
        }
        let mut subscripts = Vec::new();
        loop {
            let from = self.expression()?.chain;
            let to = match self.accept(Token::Keyword(Keyword::To))? {
                true => Some(self.expression()?.chain),
                false => None,
            };
            subscripts.push((from, to));
            if !self.accept(Token::Special(','))? {
                break;
            }
        }
        self.expect(']')?;
        Ok(Item::Subscripts(subscripts))
    }
}

fn arithmetic(operator: Arithmetic, left: Operand, right: Operand) -> Operand {
    let item = Item::Arithmetic(operator, left.boxed(), right.boxed());
    Operand::expression(Chain(vec![item]))
}

impl LikeRegex {
    fn new(pattern: String, flags: &str) -> Result<LikeRegex> {
        let mut regex = LikeRegex { pattern, ..LikeRegex::default() };
        for flag in flags.chars() {
            match flag {
                'i' => regex.ignore_case = true,
                's' => regex.dot_all = true,
                'm' => regex.multi_line = true,
                'x' => regex.expanded = true,
                'q' => regex.quote = true,
                flag => {
                    let message = "invalid input syntax for type jsonpath";
                    let detail =
                        format!("Unrecognized flag character \"{flag}\" in LIKE_REGEX predicate.");
                    return Err(PgError::new(code::SYNTAX_ERROR, message).detail(detail));
                }
            }
        }
        if regex.expanded && !regex.quote {
            let message = "XQuery \"x\" flag (expanded regular expressions) is not implemented";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        Ok(regex)
    }
}

/// What encloses an item.
#[derive(Clone, Copy)]
struct Places {
    filters: usize,
    in_subscript: bool,
}

/// `@` has its place in filters, `last` in subscripts.
fn check_places(chain: &Chain, places: Places) -> Result<()> {
    let check = |chain: &Chain| check_places(chain, places);
    chain.0.iter().try_for_each(|item| match item {
        Item::Current if places.filters == 0 => {
            Err(PgError::new(code::SYNTAX_ERROR, "@ is not allowed in root expressions"))
        }
        Item::Last if !places.in_subscript => {
            let message = "LAST is allowed only in array subscripts";
            Err(PgError::new(code::SYNTAX_ERROR, message))
        }
        Item::Arithmetic(_, a, b)
        | Item::And(a, b)
        | Item::Or(a, b)
        | Item::Compare(_, a, b)
        | Item::StartsWith(a, b) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            check(a)?;
            check(b)
        }),
        Item::Sign(_, a)
        | Item::Not(a)
        | Item::IsUnknown(a)
        | Item::Exists(a)
        | Item::LikeRegex(a, _) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || check(a)),
        Item::Filter(predicate) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            check_places(predicate, Places { filters: places.filters + 1, ..places })
        }),
        Item::Subscripts(subscripts) => subscripts.iter().try_for_each(|(from, to)| {
            let places = Places { in_subscript: true, ..places };
            check_places(from, places)?;
            to.as_ref().map_or(Ok(()), |to| check_places(to, places))
        }),
        _ => Ok(()),
    })
}
