//! An S3 server over HTTP, in the test process, with its objects in a scratch directory.

use super::server::Scratch;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub const ACCESS_KEY: &str = "test-access-key";
pub const SECRET_KEY: &str = "test-secret-key-that-nobody-may-see";

/// A bucket named `bucket`.
pub struct S3 {
    directory: Scratch,
    pub port: u16,
    runtime: Option<Runtime>,
}

impl S3 {
    pub fn start() -> S3 {
        let directory = Scratch::new("s3");
        std::fs::create_dir(directory.path().join("bucket")).expect("a new directory");
        let mut server = S3 { directory, port: 0, runtime: None };
        server.resume();
        server
    }

    /// Connections are refused from now on, and broken off.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Serves (again) on its port.
    pub fn resume(&mut self) {
        let files = s3s_fs::FileSystem::new(self.directory.path()).expect("a file system");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = service.build();
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", self.port)));
        let listener = listener.expect("a free port");
        self.port = listener.local_addr().expect("a bound socket").port();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let http = Builder::new(TokioExecutor::new());
                    // A connection that breaks off is its client's to report.
                    let _ = http.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        self.runtime = Some(runtime);
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
