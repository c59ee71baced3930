//! MariaDB: a server of one test's own, which can be killed, or a database on one that all tests of a run share.

use crate::account::Account;
use crate::certificates::{Certificates, HOST, free_port};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to start or end.
const PATIENCE: Duration = Duration::from_secs(120);
/// The account that stations and applications log in with: all rights on its databases, none beyond.
pub const USER: &str = "dukou";
/// Ends a server and takes its directory away once the test is gone: standard input is a pipe that only the test holds open.
const WATCH: &str = r#"cat >/dev/null
pid=$(cat "$1/pid" 2>/dev/null)
[ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ] && kill -KILL "$pid"
rm -rf "$1/data""#;
/// Runs the shared server until no test has held `users` for ten seconds. `door` is held by whoever starts, enters or ends it.
const SUPERVISE: &str = r#"dir=$1; shift
exec 9>"$dir/supervised"; flock -n 9 || exit 0
"$@" >>"$dir/server.log" 2>&1 9>&- & pid=$!
idle=0
while kill -0 "$pid" 2>/dev/null; do
  sleep 1
  if flock -n -x "$dir/users" true; then idle=$((idle + 1)); else idle=0; fi
  if [ "$idle" -ge 10 ]; then
    exec 8>"$dir/door"; flock 8
    if flock -n -x "$dir/users" true; then kill -KILL "$pid"; wait "$pid"; rm -rf "$dir/data"; exit 0; fi
    exec 8>&-
  fi
done"#;

/// A server of one test's own; ends with it.
#[derive(Debug)]
pub struct Mariadb {
    dir: TempDir,
    account: Account,
    further: Vec<String>,
    tls: Option<(Certificates, u16)>,
    child: Option<Child>,
    watcher: Option<Child>,
}

impl Mariadb {
    /// Makes a data directory and starts its server, which listens on a Unix socket in a temporary directory alone and syncs what it commits.
    /// Its character set is `latin1` where no one asks for another.
    ///
    /// # Panics
    /// Panics when MariaDB is not installed or does not start.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// As [`start`](Self::start), with further arguments of the server: `--log-bin=binlog`.
    ///
    /// # Panics
    /// Panics when MariaDB is not installed or does not start.
    #[must_use]
    #[track_caller]
    pub fn start_with(further: &[&str]) -> Self {
        let further = further.iter().map(|argument| (*argument).to_owned()).collect();
        let account = Account::of("nobody");
        let dir = tempfile::Builder::new().prefix("dukou-my-").tempdir().expect("a temporary directory");
        prepare(dir.path(), account);
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCH, "sh"]).arg(dir.path()).current_dir("/").process_group(0);
        let watcher = watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
        let mut server = Self { dir, account, further, tls: None, child: None, watcher: Some(watcher) };
        server.restart();
        make_user(server.dir.path());
        server
    }

    /// As [`start`](Self::start), and listens on a free port of the loopback interface, too, where it takes nothing but TLS and asks [`USER`] for
    /// [`PASSWORD`](crate::postgres::PASSWORD).
    ///
    /// # Panics
    /// Panics when MariaDB is not installed or does not start.
    #[must_use]
    #[track_caller]
    pub fn with_tls() -> Self {
        let mut server = Self::start();
        let (made, port) = (Certificates::make(server.dir.path(), server.account), free_port());
        server.sql(&format!("CREATE USER {USER}@'{HOST}' IDENTIFIED BY '{}' REQUIRE SSL", crate::postgres::PASSWORD));
        server.further = vec![
            "--skip-networking=0".to_owned(),
            format!("--bind-address={HOST}"),
            format!("--port={port}"),
            format!("--ssl-key={}", made.key.display()),
            format!("--ssl-cert={}", made.certificate.display()),
        ];
        server.tls = Some((made, port));
        server.restart();
        server
    }

    /// Gives its port and the certificate of the authority that signed the server's, where it speaks TLS.
    #[must_use]
    pub fn tls(&self) -> Option<(u16, &Path)> {
        self.tls.as_ref().map(|(made, port)| (*port, made.authority.as_path()))
    }

    /// Starts the server again after [`kill9`](Self::kill9); waits until it answers.
    ///
    /// # Panics
    /// Panics when it does not start.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill9();
        let begun = Instant::now();
        let log = File::options().create(true).append(true).open(self.dir.path().join("server.log")).expect("its log");
        let mut command = Command::new(program("mariadbd"));
        command
            .args(arguments(self.dir.path(), true))
            .args(&self.further)
            .current_dir(self.dir.path().join("data"))
            .process_group(0);
        let server = self.account.run(&mut command).stdin(Stdio::null()).stdout(log.try_clone().expect("its log")).stderr(log);
        let mut child = server.spawn().expect("mariadbd starts");
        while !answers(self.dir.path()) {
            let is_gone = child.try_wait().expect("a child").is_some();
            assert!(!is_gone && begun.elapsed() < PATIENCE, "MariaDB does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child = Some(child);
    }

    /// Kills the server as a power cut would, but for what the system still writes.
    pub fn kill9(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        signal(child.id(), Signal::KILL);
        // It may have ended by itself; then there is nothing to wait for.
        let _ = child.wait();
    }

    /// Makes a database (`utf8mb4`) and gives its URL for the account [`USER`].
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn create(&self, database: &str) -> String {
        make_database(self.dir.path(), database);
        url(self.dir.path(), database)
    }

    /// Runs SQL as the server's root; gives the rows, columns divided by tabs.
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        run(self.dir.path(), "mysql", sql)
    }

    /// Gives the server's process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Gives the directory that its socket is in.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Gives what the server wrote into its log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        self.kill9();
        if let Some(mut watcher) = self.watcher.take() {
            drop(watcher.stdin.take());
            let _ = watcher.wait();
        }
    }
}

/// A database of one test's own on the server that the tests of a run share; dropped with it.
#[derive(Debug)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its URL, for the account [`USER`].
    pub url: String,
}

impl Database {
    /// Makes a database on the shared server, which is started when it does not run. The server ends ten seconds after the last process
    /// that used it.
    ///
    /// # Panics
    /// Panics when MariaDB is not installed or does not start.
    #[must_use]
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it starts a server")]
    pub fn new() -> Self {
        static USED: AtomicU32 = AtomicU32::new(0);
        enter();
        let name = format!("t{}_{}", std::process::id(), USED.fetch_add(1, Ordering::Relaxed));
        make_database(&shared_dir(), &name);
        let url = url(&shared_dir(), &name);
        Self { name, url }
    }

    /// Runs SQL in it as the server's root; gives the rows, columns divided by tabs.
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        run(&shared_dir(), &self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The whole server goes soon after.
        let _ = client(&shared_dir(), "mysql", &format!("DROP DATABASE IF EXISTS {}", self.name)).output();
    }
}

/// Where the shared server of this build directory lives; the path of a socket may have a hundred bytes only.
fn shared_dir() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_MANIFEST_DIR"), rustix::process::getuid().as_raw()).hash(&mut hasher);
    std::env::temp_dir().join(format!("dukou-my-run-{:016x}", hasher.finish()))
}

/// Makes sure that the shared server runs, and holds it for as long as this process lives.
#[track_caller]
fn enter() {
    static HELD: OnceLock<File> = OnceLock::new();
    HELD.get_or_init(|| {
        let (dir, account) = (shared_dir(), Account::of("nobody"));
        fs::create_dir_all(&dir).expect("the shared server's directory");
        let door = open(&dir.join("door"), account);
        door.lock().expect("the door of the shared server");
        let users = open(&dir.join("users"), account);
        users.lock_shared().expect("a lock");
        let supervised = open(&dir.join("supervised"), account);
        let runs = supervised.try_lock().is_err() && answers(&dir);
        drop(supervised);
        if !runs {
            start_shared(&dir, account);
        }
        users
    });
}

#[track_caller]
fn open(path: &Path, account: Account) -> File {
    let file = File::options().create(true).append(true).open(path);
    account.own(path);
    file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
#[expect(clippy::zombie_processes, reason = "the supervisor outlives this process")]
fn start_shared(dir: &Path, account: Account) {
    let begun = Instant::now();
    // A server whose supervisor was killed goes on alone.
    if let Some(old) = server_of(dir) {
        signal(old, Signal::KILL);
        while server_of(dir).is_some() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let _ = fs::remove_dir_all(dir.join("data"));
    prepare(dir, account);
    let mut command = Command::new("sh");
    command.args(["-c", SUPERVISE, "sh"]).arg(dir).arg(program("mariadbd")).args(arguments(dir, false));
    let command = account.run(&mut command).current_dir(dir.join("data")).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
    while !answers(dir) {
        let log = || fs::read_to_string(dir.join("server.log")).unwrap_or_default();
        assert!(begun.elapsed() < PATIENCE, "the shared MariaDB does not start: {}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    make_user(dir);
}

/// Gives the process of the server that has the directory, if it runs.
fn server_of(dir: &Path) -> Option<u32> {
    let id = fs::read_to_string(dir.join("pid")).ok()?.trim().parse().ok()?;
    let cwd = fs::read_link(format!("/proc/{id}/cwd")).ok()?;
    (cwd == dir.join("data")).then_some(id)
}

/// Makes the system tables in `dir/data`.
#[track_caller]
fn prepare(dir: &Path, account: Account) {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).expect("its own directory");
    account.own(dir);
    let mut install = Command::new(program("mariadb-install-db"));
    install.arg("--no-defaults").arg(format!("--datadir={}", dir.join("data").display()));
    install.args([
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
        "--innodb-fast-shutdown=0",
    ]);
    install.current_dir("/").env("HOME", dir).env("TMPDIR", dir).stdin(Stdio::null());
    let output = account.run(&mut install).output().unwrap_or_else(|error| panic!("mariadb-install-db: {error}"));
    assert!(output.status.success(), "mariadb-install-db: {}", String::from_utf8_lossy(&output.stdout));
}

/// Gives the arguments of the server.
fn arguments(dir: &Path, sync: bool) -> Vec<String> {
    let path = |name: &str| dir.join(name).display().to_string();
    vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", path("data")),
        format!("--socket={}", path("s")),
        format!("--pid-file={}", path("pid")),
        format!("--tmpdir={}", dir.display()),
        "--skip-networking".to_owned(),
        "--skip-name-resolve".to_owned(),
        "--character-set-server=latin1".to_owned(),
        "--max-connections=200".to_owned(),
        // A value of 16 MiB is 32 MiB in hex, and more within its row.
        "--max-allowed-packet=256M".to_owned(),
        "--innodb-buffer-pool-size=64M".to_owned(),
        "--innodb-log-file-size=384M".to_owned(),
        format!("--innodb-flush-log-at-trx-commit={}", if sync { 1 } else { 0 }),
        format!("--innodb-doublewrite={}", if sync { 1 } else { 0 }),
    ]
}

/// The account's URL of a database over the socket.
fn url(dir: &Path, database: &str) -> String {
    format!("mysql://{USER}@localhost/{database}?socket={}", dir.join("s").display())
}

#[track_caller]
fn make_user(dir: &Path) {
    run(dir, "mysql", &format!("CREATE USER {USER}@localhost"));
}

#[track_caller]
fn make_database(dir: &Path, database: &str) {
    let sql = format!(
        "DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database} CHARACTER SET utf8mb4; GRANT ALL ON {database}.* TO {USER}@localhost"
    );
    run(dir, "mysql", &sql);
}

fn answers(dir: &Path) -> bool {
    client(dir, "mysql", "SELECT 1").output().is_ok_and(|output| output.status.success())
}

fn client(dir: &Path, database: &str, sql: &str) -> Command {
    let mut command = Command::new(program("mariadb"));
    command.args(["--no-defaults", "--default-character-set=utf8mb4", "-u", "root", "-N", "-B"]);
    command.arg(format!("--socket={}", dir.join("s").display())).args(["-e", sql, database]);
    command.current_dir("/").stdin(Stdio::null());
    command
}

#[track_caller]
fn run(dir: &Path, database: &str, sql: &str) -> String {
    let output = client(dir, database, sql).output().unwrap_or_else(|error| panic!("mariadb: {error}"));
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Finds a program of MariaDB.
#[track_caller]
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let sentence = "MariaDB is not installed: run `cargo xtask test` as root once, or apt-get install mariadb-server-core mariadb-client-core";
    folders.map(|folder| folder.join(name)).find(|path| path.is_file()).unwrap_or_else(|| panic!("{name}: {sentence}"))
}

fn signal(id: u32, signal: Signal) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    // A process that is gone needs no signal.
    let _ = id.map(|id| kill_process(id, signal));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_keeps_over_a_kill_what_was_committed_and_ends_with_its_owner() {
        let mut server = Mariadb::start();
        let url = server.create("harbour");
        assert!(url.ends_with("/s") && url.contains("/harbour?"), "{url}");
        server.sql("CREATE TABLE harbour.tides(height int); INSERT INTO harbour.tides VALUES (3)");
        server.kill9();
        server.restart();
        assert_eq!(server.sql("SELECT height FROM harbour.tides"), "3");
        let (dir, id) = (server.socket_dir().to_owned(), server.id().expect("it runs"));
        drop(server);
        assert!(!dir.exists() && !Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn databases_on_the_shared_server_are_apart() {
        let (one, two) = (Database::new(), Database::new());
        one.sql("CREATE TABLE tides(height int)");
        two.sql("CREATE TABLE tides(height int)");
        assert_ne!(one.url, two.url);
    }
}
