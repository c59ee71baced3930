//! A real OpenSSH server of one test, on a port and with keys of its own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to begin.
const BEGIN_LIMIT: Duration = Duration::from_secs(20);

/// An OpenSSH server in a temporary directory; gone with it.
#[derive(Debug)]
pub struct SshServer {
    dir: tempfile::TempDir,
    child: Child,
    port: u16,
}

impl SshServer {
    /// Starts a server that takes this account's key, as the account that runs the test.
    ///
    /// # Panics
    /// Panics when OpenSSH is not installed, or the server does not begin.
    #[track_caller]
    pub fn start() -> Self {
        let program = Path::new("/usr/sbin/sshd");
        let sentence = "OpenSSH is not installed: run `cargo xtask test` as root once, or apt-get install openssh-server";
        assert!(program.is_file(), "{sentence}");
        let dir = tempfile::Builder::new().prefix("dukou-ssh-").tempdir().expect("a temporary directory");
        for key in ["host", "user", "stranger"] {
            make_key(&dir.path().join(key));
        }
        if rustix::process::getuid().is_root() {
            // Where sshd itself locks the part of it up that speaks before anybody has signed in.
            std::fs::create_dir_all("/run/sshd").expect("/run/sshd");
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a free port").port();
        let here = dir.path().display();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {here}/host\nAuthorizedKeysFile {here}/user.pub\nPidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
        );
        std::fs::write(dir.path().join("config"), config).expect("a file");
        let mut command = Command::new(program);
        command.args(["-D", "-e", "-f"]).arg(dir.path().join("config")).stdin(Stdio::null());
        let journal = std::fs::File::create(dir.path().join("journal")).expect("a file");
        let child = command.stdout(Stdio::null()).stderr(journal).spawn().expect("sshd");
        let mut server = Self { dir, child, port };
        server.wait();
        server
    }

    /// Gives the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives the file with the key that the server takes.
    pub fn key_file(&self) -> PathBuf {
        self.dir.path().join("user")
    }

    /// Gives a file with a key that it does not take.
    pub fn strangers_key_file(&self) -> PathBuf {
        self.dir.path().join("stranger")
    }

    /// Gives the fingerprint of the server's key, `SHA256:…`.
    ///
    /// # Panics
    /// Panics when `ssh-keygen` fails.
    pub fn fingerprint(&self) -> String {
        let output = Command::new("ssh-keygen").arg("-lf").arg(self.dir.path().join("host.pub")).output().expect("ssh-keygen");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split(' ').nth(1).unwrap_or_else(|| panic!("{output:?}")).to_owned()
    }

    /// Gives the account to sign in as.
    ///
    /// # Panics
    /// Panics when `id` fails.
    pub fn account(&self) -> String {
        let output = Command::new("id").arg("-un").output().expect("id");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn wait(&mut self) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().ok().flatten();
            let journal = || std::fs::read_to_string(self.dir.path().join("journal")).unwrap_or_default();
            assert!(ended.is_none() && began.elapsed() < BEGIN_LIMIT, "sshd does not begin: {}", journal());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_key(file: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(file).status();
    assert!(made.is_ok_and(|status| status.success()), "ssh-keygen {}", file.display());
}
