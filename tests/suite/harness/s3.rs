//! An S3 server over HTTP (`s3s-fs` of crates.io), with its objects in a scratch directory.

use super::server::{Scratch, free_port};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const ACCESS_KEY: &str = "test-access-key";
pub const SECRET_KEY: &str = "test-secret-key-that-nobody-may-see";

/// A server that is not up after so long will not come up.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A server with a bucket named `bucket`.
pub struct S3 {
    directory: Scratch,
    port: u16,
    process: Option<Child>,
}

impl S3 {
    pub fn start() -> S3 {
        let directory = Scratch::new("s3");
        std::fs::create_dir(directory.path().join("bucket")).expect("a new directory");
        let mut server = S3 { directory, port: free_port(), process: None };
        server.resume();
        server
    }

    /// Connections are refused from now on, and broken off.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Serves (again) on its port.
    pub fn resume(&mut self) {
        let process = Command::new("s3s-fs")
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
            .arg(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("s3s-fs is installed (scripts/setup)");
        self.process = Some(process);
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "s3s-fs does not accept connections");
            std::thread::yield_now();
        }
    }

    /// The options that make a storage of the bucket, credentials and all.
    pub fn options(&self) -> String {
        format!(
            "url 's3://bucket/cold', endpoint 'http://127.0.0.1:{}', allow_http 'true', \
             region 'us-east-1', access_key_id '{ACCESS_KEY}', secret_access_key '{SECRET_KEY}'",
            self.port
        )
    }

    /// The objects below a prefix, by their paths.
    pub fn objects(&self, prefix: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.directory.path().join("bucket").join(prefix)];
        while let Some(directory) = open.pop() {
            let Ok(entries) = std::fs::read_dir(directory) else { continue };
            for entry in entries.flatten() {
                match entry.path() {
                    path if path.is_dir() => open.push(path),
                    path => found.push(path),
                }
            }
        }
        found
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.stop();
    }
}
