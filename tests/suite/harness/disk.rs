//! A small disk that is full when a test wants it to be.

use super::server::Kalam;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A tmpfs of this size on a directory, in a mount namespace of its own that ends with it.
pub struct SmallDisk {
    holder: Child,
}

impl SmallDisk {
    pub fn mount(on: &Path, size: &str) -> SmallDisk {
        let script = format!(
            "mount -t tmpfs -o size={size} none '{}' && echo ready && exec sleep infinity",
            on.display()
        );
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare starts");
        let mut ready = [0; 6];
        let stdout = holder.stdout.as_mut().expect("a pipe");
        stdout.read_exact(&mut ready).expect("the disk is mounted");
        SmallDisk { holder }
    }

    /// A command that runs another inside the namespace.
    pub fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        let target = format!("--target={}", self.holder.id());
        command.args([&target, "--user", "--preserve-credentials", "--mount", "--"]);
        command
    }

    pub fn server(&self, data: &Path) -> Kalam {
        let mut command = self.enter();
        command.arg(env!("CARGO_BIN_EXE_kalamdb")).args(["server", "--data-dir"]).arg(data);
        command.env("KALAMDB_LOG", "off");
        Kalam::launch(command)
    }

    pub fn run(&self, script: &str) {
        let status = self.enter().args(["sh", "-c", script]).status().expect("sh starts");
        assert!(status.success(), "{script}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
