//! The other end of a COPY: the client, a file of the server's, or a program that the server runs.
//!
//! Files and programs act as the server's operating system user, so only superusers and members of
//! the predefined roles may name them (manual, COPY, "Notes").

use super::options::{Format, Options};
use crate::catalog::{Catalog, acl};
use crate::error::{PgError, Result, SqlState, code};
use crate::exec::off_worker;
use crate::session::client::{Client, Encoding, Reply};
use crate::types::Oid;
use bytes::Bytes;
use pg_raw_parse::nodes;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// As much of a file is read at a time.
const PIECE_BYTES: usize = 1 << 16;

/// 42501 where the role may not COPY to or from the server's files and programs.
pub(super) fn check_may_use(copy: &nodes::CopyStmt, catalog: &Catalog, role: Oid) -> Result<()> {
    if copy.filename().is_none() {
        return Ok(());
    }
    let (needed, what) = match (copy.is_program, copy.is_from) {
        (true, _) => ("pg_execute_server_program", "to or from an external program"),
        (false, true) => ("pg_read_server_files", "from a file"),
        (false, false) => ("pg_write_server_files", "to a file"),
    };
    let member = catalog.role_named(needed);
    if member.is_some_and(|needed| acl::has_privileges_of(catalog, role, needed.oid)) {
        return Ok(());
    }
    let message =
        format!("must be superuser or have privileges of the {needed} role to COPY {what}");
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message).hint(
        "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.",
    ))
}

/// Where COPY FROM reads.
pub(super) enum Source<'c> {
    Client(&'c mut dyn Client),
    File(File),
    Program { program: Program, out: ChildStdout },
}

impl<'c> Source<'c> {
    pub(super) async fn open(
        copy: &nodes::CopyStmt,
        options: &Options,
        columns: usize,
        client: &'c mut dyn Client,
    ) -> Result<Source<'c>> {
        let Some(name) = copy.filename() else {
            client.copy_in(encoding(options), columns);
            client.flush().await?;
            return Ok(Source::Client(client));
        };
        if copy.is_program {
            let mut program = Program::start(name, Stdio::null(), Stdio::piped())?;
            let out = program.child.stdout.take();
            let out = out.ok_or_else(|| PgError::internal("a pipe is missing"))?;
            return Ok(Source::Program { program, out });
        }
        let file = File::open(name);
        let file = file.map_err(|e| cannot_open(name, "reading", "FROM", "read", &e))?;
        refuse_directory(name, &file)?;
        Ok(Source::File(file))
    }

    /// The next piece of the data; `None` at its end.
    pub(super) async fn read(&mut self) -> Result<Option<Bytes>> {
        match self {
            Source::Client(client) => client.copy_read().await,
            Source::File(file) => read_piece(file),
            Source::Program { out, .. } => read_piece(out),
        }
    }

    /// The data was read: the program must have ended well, unless it was still writing.
    pub(super) fn close(self) -> Result<()> {
        let Source::Program { program, out } = self else { return Ok(()) };
        drop(out);
        program.finish(true)
    }
}

/// Where COPY TO writes.
pub(super) enum Sink<'c> {
    Client(&'c mut dyn Client),
    File(BufWriter<File>),
    Program { program: Program, out: BufWriter<ChildStdin> },
}

impl<'c> Sink<'c> {
    pub(super) fn open(
        copy: &nodes::CopyStmt,
        options: &Options,
        columns: usize,
        client: &'c mut dyn Client,
    ) -> Result<Sink<'c>> {
        let Some(name) = copy.filename() else {
            client.copy_out(encoding(options), columns);
            return Ok(Sink::Client(client));
        };
        if copy.is_program {
            let mut program = Program::start(name, Stdio::piped(), Stdio::null())?;
            let pipe = program.child.stdin.take();
            let pipe = pipe.ok_or_else(|| PgError::internal("a pipe is missing"))?;
            return Ok(Sink::Program { program, out: BufWriter::new(pipe) });
        }
        if !Path::new(name).is_absolute() {
            let message = "relative path not allowed for COPY to file";
            return Err(PgError::new(code::INVALID_NAME, message));
        }
        let file = File::create(name).map_err(|e| cannot_open(name, "writing", "TO", "write", &e));
        Ok(Sink::File(BufWriter::new(file?)))
    }

    /// One row, or another whole part of the data, which `body` appends.
    pub(super) async fn write(
        &mut self,
        buffer: &mut Vec<u8>,
        body: &mut (dyn FnMut(&mut Vec<u8>) -> Result<()> + Send),
    ) -> Result<()> {
        if let Sink::Client(client) = self {
            client.copy_data(body)?;
            if client.should_flush() {
                client.flush().await?;
            }
            return Ok(());
        }
        buffer.clear();
        body(buffer)?;
        let written = off_worker(|| match self {
            Sink::Client(_) => Ok(()),
            Sink::File(out) => out.write_all(buffer),
            Sink::Program { out, .. } => out.write_all(buffer),
        });
        written.map_err(|e| self.cannot_write(&e))
    }

    /// The data is complete.
    pub(super) fn close(mut self) -> Result<()> {
        let flushed = off_worker(|| match &mut self {
            Sink::Client(_) => Ok(()),
            Sink::File(out) => out.flush(),
            Sink::Program { out, .. } => out.flush(),
        });
        match flushed {
            // A program may end before it has read everything; its status tells whether it minds.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
            flushed => flushed.map_err(|e| self.cannot_write(&e))?,
        }
        match self {
            Sink::Client(client) => {
                client.reply(Reply::CopyDone);
                Ok(())
            }
            Sink::File(_) => Ok(()),
            Sink::Program { program, out } => {
                drop(out);
                program.finish(false)
            }
        }
    }

    fn cannot_write(&mut self, error: &io::Error) -> PgError {
        let to = match self {
            Sink::Program { program, .. } => {
                // One that ended before it read everything says why by its status.
                if error.kind() == io::ErrorKind::BrokenPipe
                    && let Ok(Some(failure)) = program.wait().map(|s| program.failure(s))
                {
                    return failure;
                }
                "program"
            }
            Sink::File(_) | Sink::Client(_) => "file",
        };
        file_error(error, format!("could not write to COPY {to}: {}", text(error)))
    }
}

fn encoding(options: &Options) -> Encoding {
    match options.format {
        Format::Binary => Encoding::Binary,
        Format::Text | Format::Csv => Encoding::Text,
    }
}

fn read_piece(from: &mut impl Read) -> Result<Option<Bytes>> {
    let mut piece = vec![0; PIECE_BYTES];
    let read = off_worker(|| from.read(&mut piece));
    let read =
        read.map_err(|e| file_error(&e, format!("could not read from COPY file: {}", text(&e))))?;
    piece.truncate(read);
    Ok((read > 0).then(|| piece.into()))
}

/// A shell command under way; dropping it ends it.
pub(super) struct Program {
    command: String,
    child: Child,
}

impl Program {
    fn start(command: &str, stdin: Stdio, stdout: Stdio) -> Result<Program> {
        let mut shell = Command::new("/bin/sh");
        match shell.arg("-c").arg(command).stdin(stdin).stdout(stdout).spawn() {
            Ok(child) => Ok(Program { command: command.to_owned(), child }),
            Err(e) => {
                let message = format!("could not execute command \"{command}\": {}", text(&e));
                Err(file_error(&e, message))
            }
        }
    }

    fn wait(&mut self) -> io::Result<ExitStatus> {
        off_worker(|| self.child.wait())
    }

    /// Waits for its end. One that COPY FROM stopped reading from may die of that.
    fn finish(mut self, reading: bool) -> Result<()> {
        let status = self.wait().map_err(|e| {
            file_error(&e, format!("could not close pipe to external command: {}", text(&e)))
        })?;
        if reading && status.signal() == Some(libc::SIGPIPE) {
            return Ok(());
        }
        self.failure(status).map_or(Ok(()), Err)
    }

    /// 38000 where it did not end well.
    fn failure(&self, status: ExitStatus) -> Option<PgError> {
        let detail = match (status.code(), status.signal()) {
            (Some(0), _) => return None,
            (Some(126), _) => "command not executable".to_owned(),
            (Some(127), _) => "command not found".to_owned(),
            (Some(code), _) => format!("child process exited with exit code {code}"),
            (None, Some(signal)) => format!("child process was terminated by signal {signal}"),
            (None, None) => "child process exited with unrecognized status".to_owned(),
        };
        let message = format!("program \"{}\" failed", self.command);
        Some(PgError::new(code::EXTERNAL_ROUTINE_EXCEPTION, message).detail(detail))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn refuse_directory(name: &str, file: &File) -> Result<()> {
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(is_directory(name)),
        Ok(_) => Ok(()),
        Err(e) => Err(file_error(&e, format!("could not stat file \"{name}\": {}", text(&e)))),
    }
}

fn is_directory(name: &str) -> PgError {
    PgError::new(code::WRONG_OBJECT_TYPE, format!("\"{name}\" is a directory"))
}

fn cannot_open(name: &str, purpose: &str, copy: &str, verb: &str, error: &io::Error) -> PgError {
    let message = format!("could not open file \"{name}\" for {purpose}: {}", text(error));
    let failure = file_error(error, message);
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => failure.hint(format!(
            "COPY {copy} instructs the PostgreSQL server process to {verb} a file. You may want a \
             client-side facility such as psql's \\copy."
        )),
        _ => failure,
    }
}

/// What went wrong, as C's `strerror` has it.
fn text(error: &io::Error) -> String {
    let shown = error.to_string();
    match shown.find(" (os error") {
        Some(end) => shown[..end].to_owned(),
        None => shown,
    }
}

/// The SQLSTATE of a failed file operation (`errcode_for_file_access`).
fn file_error(error: &io::Error, message: String) -> PgError {
    PgError::new(state_of(error), message)
}

fn state_of(error: &io::Error) -> SqlState {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES | libc::EROFS) => code::INSUFFICIENT_PRIVILEGE,
        Some(libc::ENOENT) => code::UNDEFINED_FILE,
        Some(libc::EEXIST) => code::DUPLICATE_FILE,
        Some(libc::ENOTDIR | libc::EISDIR | libc::ENOTEMPTY) => code::WRONG_OBJECT_TYPE,
        Some(libc::ENOSPC) => code::DISK_FULL,
        Some(libc::ENFILE | libc::EMFILE) => code::INSUFFICIENT_RESOURCES,
        _ => code::IO_ERROR,
    }
}
