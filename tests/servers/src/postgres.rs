//! PostgreSQL: a server of one test's own, which can be killed, or a database on one that all tests of a run share.

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
const PATIENCE: Duration = Duration::from_secs(60);
/// The account that stations log in with; not the superuser.
pub const USER: &str = "dukou";
/// Its password, asked for over TCP only.
pub const PASSWORD: &str = "canary-Pa55-w0rd";
/// Ends a server and takes its directory away once the test is gone: standard input is a pipe that only the test holds open.
const WATCH: &str = r#"cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
[ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ] && kill -QUIT "$pid"
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$1/data/postmaster.pid" ] || break; sleep 0.2; done
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
    if flock -n -x "$dir/users" true; then kill -INT "$pid"; wait "$pid"; rm -rf "$dir/data"; exit 0; fi
    exec 8>&-
  fi
done"#;

/// A server of one test's own; ends with it.
#[derive(Debug)]
pub struct Postgres {
    dir: TempDir,
    account: Account,
    port: Option<u16>,
    sync: bool,
    settings: Vec<String>,
    certificates: Option<Certificates>,
    child: Option<Child>,
    watcher: Option<Child>,
}

impl Postgres {
    /// Makes a cluster and starts its server, which listens on a Unix socket in a temporary directory alone and syncs what it commits.
    ///
    /// # Panics
    /// Panics when PostgreSQL is not installed or does not start.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        Self::make(None, true, &[])
    }

    /// As [`start`](Self::start), with further settings, each `name=value`; a later one counts.
    #[must_use]
    #[track_caller]
    pub fn with_settings(settings: &[&str]) -> Self {
        Self::make(None, true, settings)
    }

    /// As [`start`](Self::start), without syncing: for tests that do not ask what a power cut leaves.
    #[must_use]
    #[track_caller]
    pub fn quick() -> Self {
        Self::make(None, false, &[])
    }

    /// As [`start`](Self::start), and listens on a free port of the loopback interface, too, where it asks for the password.
    #[must_use]
    #[track_caller]
    pub fn with_tcp() -> Self {
        Self::make(Some(free_port()), true, &[])
    }

    /// As [`with_tcp`](Self::with_tcp), and speaks TLS there.
    #[must_use]
    #[track_caller]
    pub fn with_tls() -> Self {
        let mut server = Self::make(Some(free_port()), true, &[]);
        let made = Certificates::make(server.dir.path(), server.account);
        server.settings = vec![
            "ssl=on".to_owned(),
            format!("ssl_key_file={}", made.key.display()),
            format!("ssl_cert_file={}", made.certificate.display()),
        ];
        server.certificates = Some(made);
        server.restart();
        server
    }

    /// Gives the certificate of the authority that signed the server's, where it speaks TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.certificates.as_ref().map(|made| made.authority.as_path())
    }

    #[track_caller]
    fn make(port: Option<u16>, sync: bool, settings: &[&str]) -> Self {
        let account = Account::of("postgres");
        let dir = tempfile::Builder::new().prefix("dukou-pg-").tempdir().expect("a temporary directory");
        prepare(dir.path(), account);
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCH, "sh"]).arg(dir.path()).current_dir("/").process_group(0);
        let watcher = watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
        let settings = settings.iter().map(ToString::to_string).collect();
        let mut server = Self { dir, account, port, sync, settings, certificates: None, child: None, watcher: Some(watcher) };
        server.restart();
        make_user(server.dir.path());
        server
    }

    /// Starts the server again after [`kill9`](Self::kill9); waits until it answers.
    ///
    /// # Panics
    /// Panics when it does not start.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill9();
        let begun = Instant::now();
        loop {
            let log = File::options().create(true).append(true).open(self.dir.path().join("server.log")).expect("its log");
            let mut command = Command::new(program("postgres"));
            command.args(arguments(self.dir.path(), self.port, self.sync));
            command.args(self.settings.iter().flat_map(|setting| ["-c", setting]));
            command.current_dir("/").process_group(0);
            let server =
                self.account.run(&mut command).stdin(Stdio::null()).stdout(log.try_clone().expect("its log")).stderr(log);
            let mut child = server.spawn().expect("postgres starts");
            while child.try_wait().expect("a child").is_none() {
                if answers(self.dir.path()) {
                    self.child = Some(child);
                    return;
                }
                assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not answer: {}", self.log());
                std::thread::sleep(Duration::from_millis(50));
            }
            // Backends of the server before may still hold its shared memory for a moment.
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not start: {}", self.log());
        }
    }

    /// Kills the server and all its sessions as a power cut would, but for what the system still writes.
    pub fn kill9(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let id = child.id();
        // Stopped first, so that it starts no session anew between the two.
        signal(id, Signal::STOP);
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        children.split_whitespace().filter_map(|id| id.parse().ok()).for_each(|id| signal(id, Signal::KILL));
        signal(id, Signal::KILL);
        // It may have ended by itself; then there is nothing to wait for.
        let _ = child.wait();
    }

    /// Gives the URL of a database, for the account [`USER`]: over TCP with its password, else over the socket.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        match self.port {
            Some(port) => format!("postgres://{USER}:{PASSWORD}@{HOST}:{port}/{database}"),
            None => url(self.dir.path(), database),
        }
    }

    /// Makes a database and gives its URL.
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn create(&self, database: &str) -> String {
        self.psql(&format!("CREATE DATABASE {database} OWNER {USER}"));
        self.url(database)
    }

    /// Runs SQL as the superuser in database `postgres`; gives the rows, columns divided by `|`.
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn psql(&self, sql: &str) -> String {
        psql(self.dir.path(), "postgres", sql)
    }

    /// As [`psql`](Self::psql), in another database.
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn psql_in(&self, database: &str, sql: &str) -> String {
        psql(self.dir.path(), database, sql)
    }

    /// Gives a `psql` for a script of one's own, as the superuser: `psql … -h DIRECTORY DATABASE`.
    ///
    /// # Panics
    /// Panics when PostgreSQL is not installed.
    #[must_use]
    #[track_caller]
    pub fn client(&self, database: &str) -> Command {
        client(self.dir.path(), database)
    }

    /// Gives the directory that its socket is in.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Gives the server's process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Gives what the server wrote into its log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
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
    /// Makes a database on the shared server (fsync off), which is started when it does not run. The server ends ten seconds after the
    /// last process that used it.
    ///
    /// # Panics
    /// Panics when PostgreSQL is not installed or does not start.
    #[must_use]
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it starts a server")]
    pub fn new() -> Self {
        static USED: AtomicU32 = AtomicU32::new(0);
        enter();
        let name = format!("t{}_{}", std::process::id(), USED.fetch_add(1, Ordering::Relaxed));
        psql(&shared_dir(), "postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        psql(&shared_dir(), "postgres", &format!("CREATE DATABASE {name} OWNER {USER}"));
        let url = url(&shared_dir(), &name);
        Self { name, url }
    }

    /// Runs SQL in it as the superuser; gives the rows, columns divided by `|`.
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn psql(&self, sql: &str) -> String {
        psql(&shared_dir(), &self.name, sql)
    }

    /// Dumps it with `pg_dump`, as text.
    ///
    /// # Panics
    /// Panics when that fails.
    #[must_use]
    #[track_caller]
    pub fn dump(&self) -> String {
        let mut command = Command::new(program("pg_dump"));
        command.args(["-U", "postgres", "-d", &self.name, "-h"]).arg(shared_dir()).current_dir("/").stdin(Stdio::null());
        let output = command.output().unwrap_or_else(|error| panic!("pg_dump: {error}"));
        assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Makes it anew from a dump: nothing else stays, and every session in it ends.
    ///
    /// # Panics
    /// Panics when the server refuses.
    #[track_caller]
    pub fn restore(&self, dump: &str) {
        let file = shared_dir().join(format!("{}.sql", self.name));
        fs::write(&file, dump).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        psql(&shared_dir(), "postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        psql(&shared_dir(), "postgres", &format!("CREATE DATABASE {} OWNER {USER}", self.name));
        let mut command = Command::new(program("psql"));
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", &self.name, "-f"]).arg(&file);
        let output = command.arg("-h").arg(shared_dir()).current_dir("/").stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("psql: {error}"));
        assert!(output.status.success(), "restore: {}", String::from_utf8_lossy(&output.stderr));
        fs::remove_file(&file).expect("its own file");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The whole server goes soon after.
        let _ = psql_command(&shared_dir(), "postgres", &sql).output();
    }
}

/// Where the shared server of this build directory lives. Not below the build directory itself: the server's account need not be able to
/// enter it, and the path of a socket may have a hundred bytes only.
fn shared_dir() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_MANIFEST_DIR"), rustix::process::getuid().as_raw()).hash(&mut hasher);
    std::env::temp_dir().join(format!("dukou-pg-run-{:016x}", hasher.finish()))
}

/// Makes sure that the shared server runs, and holds it for as long as this process lives.
#[track_caller]
fn enter() {
    static HELD: OnceLock<File> = OnceLock::new();
    HELD.get_or_init(|| {
        let (dir, account) = (shared_dir(), Account::of("postgres"));
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
        signal(old, Signal::QUIT);
        while server_of(dir).is_some() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let _ = fs::remove_dir_all(dir.join("data"));
    prepare(dir, account);
    let mut command = Command::new("sh");
    command.args(["-c", SUPERVISE, "sh"]).arg(dir).arg(program("postgres")).args(arguments(dir, None, false));
    let command = account.run(&mut command).current_dir("/").process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
    while !answers(dir) {
        let log = || fs::read_to_string(dir.join("server.log")).unwrap_or_default();
        assert!(begun.elapsed() < PATIENCE, "the shared PostgreSQL does not start: {}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    make_user(dir);
}

/// Gives the process of the server that has the directory, if it runs.
fn server_of(dir: &Path) -> Option<u32> {
    let data = dir.join("data");
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let id = text.lines().next()?.trim().parse().ok()?;
    let cwd = fs::read_link(format!("/proc/{id}/cwd")).ok()?;
    (cwd == data).then_some(id)
}

/// Makes a cluster in `dir/data`.
#[track_caller]
fn prepare(dir: &Path, account: Account) {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).expect("its own directory");
    account.own(dir);
    let mut initdb = Command::new(program("initdb"));
    initdb.arg("-D").arg(dir.join("data")).args(["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]);
    initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256"]).current_dir("/").stdin(Stdio::null());
    let output = account.run(&mut initdb).output().unwrap_or_else(|error| panic!("initdb: {error}"));
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
}

/// Gives the arguments of the server.
fn arguments(dir: &Path, port: Option<u16>, sync: bool) -> Vec<String> {
    let mut settings = vec![
        format!("unix_socket_directories={}", dir.display()),
        format!("listen_addresses={}", if port.is_some() { HOST } else { "" }),
        "max_connections=200".to_owned(),
        "shared_buffers=64MB".to_owned(),
        format!("fsync={}", if sync { "on" } else { "off" }),
    ];
    settings.extend(port.map(|port| format!("port={port}")));
    let mut arguments = vec!["-D".to_owned(), dir.join("data").display().to_string()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    arguments
}

/// The account's URL of a database over the socket.
fn url(dir: &Path, database: &str) -> String {
    let port = port_of(dir).map(|port| format!("&port={port}")).unwrap_or_default();
    format!("postgres:///{database}?host={}&user={USER}{port}", dir.display())
}

/// The port that names the socket, where it is not the usual one.
fn port_of(dir: &Path) -> Option<u16> {
    let names = fs::read_dir(dir).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_prefix(".s.PGSQL.")?.parse().ok()).find(|port| *port != 5432)
}

#[track_caller]
fn make_user(dir: &Path) {
    psql(dir, "postgres", &format!("CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{PASSWORD}'"));
}

fn answers(dir: &Path) -> bool {
    psql_command(dir, "postgres", "SELECT 1").output().is_ok_and(|output| output.status.success())
}

fn psql_command(dir: &Path, database: &str, sql: &str) -> Command {
    let mut command = client(dir, database);
    command.args(["-c", sql]).stdin(Stdio::null());
    command
}

fn client(dir: &Path, database: &str) -> Command {
    let mut command = Command::new(program("psql"));
    command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]).arg(dir);
    if let Some(port) = port_of(dir) {
        command.args(["-p", &port.to_string()]);
    }
    command.env_remove("PGOPTIONS").current_dir("/");
    command
}

#[track_caller]
fn psql(dir: &Path, database: &str, sql: &str) -> String {
    let output = psql_command(dir, database, sql).output().unwrap_or_else(|error| panic!("psql: {error}"));
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Finds a program of PostgreSQL: below Debian's directory of its versions, the newest first, or on the path.
#[track_caller]
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = versions.map(|dir| dir.join("bin").join(name)).filter(|path| path.is_file()).collect();
    found.sort();
    let on_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file())
    };
    let sentence = "PostgreSQL is not installed: run `cargo xtask test` as root once, or apt-get install postgresql";
    found.pop().or_else(on_path).unwrap_or_else(|| panic!("{name}: {sentence}"))
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
        let mut server = Postgres::with_tcp();
        let url = server.create("harbour");
        assert!(url.contains("127.0.0.1"), "{url}");
        server.psql_in("harbour", "CREATE TABLE tides(height int); INSERT INTO tides VALUES (3)");
        server.kill9();
        server.restart();
        assert_eq!(server.psql_in("harbour", "SELECT height FROM tides"), "3");
        let (dir, id) = (server.socket_dir().to_owned(), server.id().expect("it runs"));
        drop(server);
        assert!(!dir.exists() && !Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn databases_on_the_shared_server_are_apart() {
        let (one, two) = (Database::new(), Database::new());
        one.psql("CREATE TABLE tides(height int)");
        two.psql("CREATE TABLE tides(height int)");
        assert_ne!(one.url, two.url);
    }
}
