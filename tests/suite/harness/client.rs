//! A blocking client of PostgreSQL's protocol 3.0 that reports exactly what the server sent.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A server that says nothing for so long is taken for hung.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// Size of a CopyData message.
const COPY_CHUNK_BYTES: usize = 1 << 16;

/// Types that users made have other OIDs on each server: this one stands for all of them.
const FIRST_USER_OID: u32 = 16384;

/// One column of RowDescription, as far as it must agree between servers (table OIDs need not).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub type_oid: u32,
    pub typmod: i32,
}

/// What one statement came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub columns: Vec<Column>,
    /// Values as sent; `None` is NULL.
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
    /// CommandComplete's tag; empty for an empty query or an error.
    pub tag: String,
    /// ErrorResponse by field type: `C` SQLSTATE, `M` message, `P` position, …
    pub error: Option<BTreeMap<char, String>>,
    /// NoticeResponses' SQLSTATE and message.
    pub notices: Vec<(String, String)>,
    /// The bytes of COPY TO STDOUT.
    pub copied: Vec<u8>,
}

impl Outcome {
    pub fn sqlstate(&self) -> Option<&str> {
        self.error.as_ref().map(|e| e[&'C'].as_str())
    }

    /// The value in text form, for single values a test asks about.
    pub fn text(&self, row: usize, column: usize) -> Option<&str> {
        self.rows[row][column].as_deref().map(|v| std::str::from_utf8(v).expect("text format"))
    }

    /// Fails the test where the statement failed.
    #[track_caller]
    pub fn ok(self) -> Outcome {
        assert!(self.error.is_none(), "unexpected error: {:?}", self.error);
        self
    }
}

/// Result format of the extended protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Binary,
}

/// TCP or Unix socket.
trait Socket: Read + Write + Send {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
    fn finish_writing(&self) -> io::Result<()>;
}

impl Socket for TcpStream {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(timeout)
    }

    fn finish_writing(&self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }
}

impl Socket for UnixStream {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(timeout)
    }

    fn finish_writing(&self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }
}

/// A message from the server: its type byte and body.
pub type Message = (u8, Vec<u8>);

pub struct Client {
    stream: BufReader<Box<dyn Socket>>,
    /// From BackendKeyData; names the session in pg_stat_activity and in CancelRequest.
    pub pid: i32,
    pub secret: i32,
    /// The last ReadyForQuery's status: `I`, `T` or `E`.
    pub status: u8,
    pub parameters: BTreeMap<String, String>,
    /// NotificationResponses so far: channel and payload.
    pub notifications: Vec<(String, String)>,
}

impl Client {
    pub fn tcp(port: u16, user: &str, database: &str) -> io::Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Client::start(Box::new(stream), &[("user", user), ("database", database)])
    }

    pub fn unix(path: &Path, user: &str, database: &str) -> io::Result<Client> {
        let stream = UnixStream::connect(path)?;
        Client::start(Box::new(stream), &[("user", user), ("database", database)])
    }

    /// Asks the server to stop what a session is doing; on a connection of its own, as the protocol
    /// has it.
    pub fn cancel(port: u16, pid: i32, secret: i32) -> io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        let words = [16, 80_877_102, pid, secret];
        stream.write_all(&words.map(i32::to_be_bytes).concat())?;
        // The server closes when it has dealt with it.
        stream.read_to_end(&mut Vec::new()).map(drop)
    }

    fn start(socket: Box<dyn Socket>, parameters: &[(&str, &str)]) -> io::Result<Client> {
        socket.set_timeout(Some(READ_TIMEOUT))?;
        let mut client = Client {
            stream: BufReader::new(socket),
            pid: 0,
            secret: 0,
            status: b'I',
            parameters: BTreeMap::new(),
            notifications: Vec::new(),
        };
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        for (name, value) in parameters {
            body.extend_from_slice(name.as_bytes());
            body.push(0);
            body.extend_from_slice(value.as_bytes());
            body.push(0);
        }
        body.push(0);
        let length = i32::try_from(body.len() + 4).expect("a short startup packet");
        client.raw(&length.to_be_bytes())?;
        client.raw(&body)?;
        let outcome = client.collect()?;
        match outcome.into_iter().find_map(|o| o.error) {
            Some(error) => Err(io::Error::other(format!("{error:?}"))),
            None => Ok(client),
        }
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let socket = self.stream.get_mut();
        socket.write_all(bytes)?;
        socket.flush()
    }

    /// Closes our half of the connection; what the server still says can be read.
    pub fn finish_writing(&mut self) -> io::Result<()> {
        self.stream.get_ref().finish_writing()
    }

    /// Writes one message.
    pub fn send(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        let length = i32::try_from(body.len() + 4).expect("a message shorter than 2 GiB");
        let mut message = vec![kind];
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(body);
        self.raw(&message)
    }

    /// Waits for one message.
    pub fn receive(&mut self) -> io::Result<Message> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let mut body = vec![0; length - 4];
        self.stream.read_exact(&mut body)?;
        Ok((head[0], body))
    }

    /// Runs a query string over the simple protocol: one outcome per statement.
    pub fn simple(&mut self, sql: &str) -> io::Result<Vec<Outcome>> {
        self.send_query(sql)?;
        self.collect()
    }

    /// Sends a query string without waiting for the answer; [`Client::collect`] gets it.
    pub fn send_query(&mut self, sql: &str) -> io::Result<()> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.send(b'Q', &body)
    }

    /// Runs one statement over the simple protocol.
    #[track_caller]
    pub fn run(&mut self, sql: &str) -> Outcome {
        let mut all = self.simple(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        all.pop().unwrap_or_default()
    }

    /// Runs one statement over the extended protocol: Parse, Bind, Describe, Execute, Sync.
    pub fn extended(&mut self, sql: &str, format: Format) -> io::Result<Outcome> {
        let mut parse = vec![0];
        parse.extend_from_slice(sql.as_bytes());
        parse.extend_from_slice(&[0, 0, 0]);
        self.send(b'P', &parse)?;
        let code = i16::from(format == Format::Binary);
        let mut bind = vec![0, 0, 0, 0, 0, 0, 0, 1];
        bind.extend_from_slice(&code.to_be_bytes());
        self.send(b'B', &bind)?;
        self.send(b'D', b"P\0")?;
        self.send(b'E', &[0, 0, 0, 0, 0])?;
        self.send(b'S', &[])?;
        Ok(self.collect()?.pop().unwrap_or_default())
    }

    /// Runs a `COPY … FROM STDIN` with this data.
    pub fn copy_in(&mut self, sql: &str, data: &[u8]) -> io::Result<Outcome> {
        self.send_query(sql)?;
        let refused = loop {
            match self.receive()? {
                (b'G', _) => break None,
                (b'E', body) => break Some(fields(&body)),
                _ => {}
            }
        };
        if refused.is_some() {
            self.collect()?;
            return Ok(Outcome { error: refused, ..Outcome::default() });
        }
        for chunk in data.chunks(COPY_CHUNK_BYTES) {
            self.send(b'd', chunk)?;
        }
        self.send(b'c', &[])?;
        Ok(self.collect()?.pop().unwrap_or_default())
    }

    /// Reads up to ReadyForQuery; an empty list where the server sent nothing but that.
    pub fn collect(&mut self) -> io::Result<Vec<Outcome>> {
        let mut done = Vec::new();
        let mut current = Outcome::default();
        let mut open = false;
        loop {
            let (kind, body) = self.receive()?;
            match kind {
                b'T' => current.columns = row_description(&body),
                b'D' => current.rows.push(data_row(&body)),
                b'd' => current.copied.extend_from_slice(&body),
                b'N' => {
                    let mut fields = fields(&body);
                    let code = fields.remove(&'C').unwrap_or_default();
                    current.notices.push((code, fields.remove(&'M').unwrap_or_default()));
                }
                b'E' => {
                    current.error = Some(fields(&body));
                    current.tag.clear();
                    done.push(std::mem::take(&mut current));
                    open = false;
                    if done.last().is_some_and(is_fatal) {
                        return Ok(done);
                    }
                    continue;
                }
                b'C' => {
                    current.tag = string(&body);
                    done.push(std::mem::take(&mut current));
                    open = false;
                    continue;
                }
                b'I' => {
                    done.push(std::mem::take(&mut current));
                    open = false;
                    continue;
                }
                b'G' => self.send(b'f', b"no data\0")?,
                b'K' => {
                    self.pid = i32::from_be_bytes(body[0..4].try_into().expect("four bytes"));
                    self.secret = i32::from_be_bytes(body[4..8].try_into().expect("four bytes"));
                }
                b'S' => {
                    let mut parts = body.split(|b| *b == 0).map(String::from_utf8_lossy);
                    let name = parts.next().unwrap_or_default().into_owned();
                    let value = parts.next().unwrap_or_default().into_owned();
                    self.parameters.insert(name, value);
                }
                b'A' => {
                    let mut parts = body[4..].split(|b| *b == 0).map(String::from_utf8_lossy);
                    let channel = parts.next().unwrap_or_default().into_owned();
                    let payload = parts.next().unwrap_or_default().into_owned();
                    self.notifications.push((channel, payload));
                }
                b'Z' => {
                    self.status = body[0];
                    if open || !current.notices.is_empty() {
                        done.push(current);
                    }
                    return Ok(done);
                }
                _ => {}
            }
            open = open || matches!(kind, b'T' | b'D');
        }
    }
}

fn is_fatal(outcome: &Outcome) -> bool {
    outcome.error.as_ref().is_some_and(|e| matches!(e[&'V'].as_str(), "FATAL" | "PANIC"))
}

fn string(body: &[u8]) -> String {
    let end = body.iter().position(|b| *b == 0).unwrap_or(body.len());
    String::from_utf8_lossy(&body[..end]).into_owned()
}

fn fields(body: &[u8]) -> BTreeMap<char, String> {
    body.split(|b| *b == 0)
        .filter(|field| !field.is_empty())
        .map(|field| (field[0] as char, String::from_utf8_lossy(&field[1..]).into_owned()))
        .collect()
}

fn row_description(body: &[u8]) -> Vec<Column> {
    let mut at = 2;
    (0..u16::from_be_bytes([body[0], body[1]]))
        .map(|_| {
            let name = string(&body[at..]);
            at += name.len() + 1;
            let fixed = &body[at..at + 18];
            at += 18;
            Column {
                name,
                type_oid: u32::from_be_bytes(fixed[6..10].try_into().expect("four bytes"))
                    .min(FIRST_USER_OID),
                typmod: i32::from_be_bytes(fixed[12..16].try_into().expect("four bytes")),
            }
        })
        .collect()
}

fn data_row(body: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut at = 2;
    (0..u16::from_be_bytes([body[0], body[1]]))
        .map(|_| {
            let length = i32::from_be_bytes(body[at..at + 4].try_into().expect("four bytes"));
            at += 4;
            let length = usize::try_from(length).ok()?;
            at += length;
            Some(body[at - length..at].to_vec())
        })
        .collect()
}
