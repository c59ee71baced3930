//! A station whose state is on a PostgreSQL server: how a process takes it, and how another one stands by.
//!
//! Given: a station directory that both machines see, and the server. Gives: the state, for one process at a time; a turn for the process
//! that stands by. After a crash: the server gives the lock to the next process once it has noticed the end of the session. Never: two
//! processes that write one log. The server's lock and fence keep a second one off the state; a lock on a file keeps processes of one
//! machine off each other; and between machines a process asks the server within the last second before it writes its log, and one that
//! takes over from another machine which did not end its work waits longer than that.

use crate::accounts;
use crate::daemon::StationLock;
use crate::error::{ConfigFault, EngineFault, Policy};
use crate::given::read_settings;
use crate::keys::write_durably_for;
use crate::lang::Lang;
use crate::requests::{Asked, Request, ask_running};
use crate::say;
use crate::station::Station;
use crate::store::StoreFault;
use crate::store::place::StatePlace;
use crate::store::postgres::{Login, PostgresStore, Sight};
use dukou_packets::suite::SystemRandom;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often a process that stands by looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a process rests that took over from another machine: that one asks the server anew after one second, and what it had begun
/// to write by then is written.
const TAKEOVER_REST: Duration = Duration::from_secs(5);
/// Most bytes of a file with a password or a token.
pub(crate) const SECRET_MAX: u64 = 4096;
/// Who may read a file with a password.
const OWNER_ALONE: &str = "只有本站账号能读（chmod 600） / readable by the station's account alone (chmod 600)";

/// Gives what the station logs in with; nothing where its state is a file.
///
/// # Errors
/// [`ConfigFault`] when a password lies open, or its file cannot be read.
pub fn login(station: &Station) -> Result<Option<Login>, ConfigFault> {
    let identity = &station.config.station;
    let StatePlace::Postgres(url) = &identity.store else { return Ok(None) };
    if url.has_password() {
        owner_alone(&station.dir.join("station.toml"), "station.store")?;
    }
    let url = match &identity.store_password_file {
        None => url.clone(),
        Some(file) => {
            let file = station.dir.join(file);
            owner_alone(&file, "station.store_password_file")?;
            url.with_password(read_settings(&file, SECRET_MAX)?.trim_end_matches(['\r', '\n']).to_owned())
        }
    };
    Ok(Some(Login::new(url, identity.id, host())))
}

fn owner_alone(file: &Path, setting: &'static str) -> Result<(), ConfigFault> {
    let stat = std::fs::metadata(file).map_err(|error| ConfigFault::unreadable(file, &error))?;
    match stat.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(ConfigFault::Setting { file: file.to_path_buf(), setting, rule: OWNER_ALONE }),
    }
}

/// Names this machine since it was started: two processes with one name see each other's locks on files.
fn host() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("{} {}", node_name(), boot.trim())
}

/// The machine's name, of letters, digits, dots and hyphens.
fn node_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    name.chars().filter(is_plain).take(64).collect()
}

/// Gives the file whose lock keeps the processes of a machine off each other. Where the state is on a server each machine has its own: a lock
/// on a network file system may outlive the machine that held it, and the server knows better.
pub fn lock_file(station: &Station) -> PathBuf {
    match station.config.station.store {
        StatePlace::Sqlite => station.state_dir().join("lock"),
        StatePlace::Postgres(_) => station.state_dir().join(format!("lock.{}", node_name())),
    }
}

/// Where a process leaves the token of the state it took.
pub(crate) fn token_file(station: &Station) -> PathBuf {
    station.state_dir().join("storage-token")
}

/// Reads the token in the station's directory; nothing where there is none.
fn token_here(station: &Station) -> Result<Option<String>, ConfigFault> {
    let file = token_file(station);
    match file.exists() {
        true => Ok(Some(read_settings(&file, SECRET_MAX)?.trim_end().to_owned())),
        false => Ok(None),
    }
}

/// Tells whether a process, of whatever machine, has the state on the server. A server that cannot be asked is told of by whoever opens the
/// state.
///
/// # Errors
/// As [`login`].
pub fn is_held_elsewhere(station: &Station) -> Result<bool, ConfigFault> {
    let Some(login) = login(station)? else { return Ok(false) };
    let begun = Instant::now();
    // The server may not have noticed yet that a process ended a moment ago.
    while begun.elapsed() < LOOK_EVERY {
        let sight = PostgresStore::open_read_only(&login).and_then(|store| store.map_or(Ok(None), |mut store| store.sight()));
        if !sight.is_ok_and(|sight| sight.is_some_and(|sight| sight.is_held)) {
            return Ok(false);
        }
        std::thread::sleep(LOOK_EVERY / 10);
    }
    Ok(true)
}

/// Takes the state for this process, after the machine that had it before can have nothing left to write.
///
/// # Errors
/// [`ConfigFault::InUse`] when another process has it; [`ConfigFault::Refused`] when the station's directory here is not the one in which the
/// station ran last; [`EngineFault::Store`].
pub fn take_state(station: &Station, login: &Login) -> Result<PostgresStore, EngineFault> {
    let mut store = PostgresStore::open(login).map_err(|fault| in_use(station, fault))?;
    let here = token_here(station)?;
    if !store.before().is_none_or(|before| is_one_storage(before, here.as_deref())) {
        return Err(other_storage(station).into());
    }
    if store.before().is_some_and(|before| may_still_write(before, &login.host)) {
        std::thread::sleep(TAKEOVER_REST);
    }
    store.settle(here.as_deref())?;
    let owner = accounts::other_owner(&station.state_dir());
    write_durably_for(&token_file(station), store.token().as_bytes(), 0o600, owner)?;
    // From now on a copy of the directory as it was before is another one.
    let token = store.token().to_owned();
    store.settle(Some(&token))?;
    Ok(store)
}

/// A directory without a token is one that was made anew, or whose token a person took away after a restore: log and state are compared in any
/// case.
fn is_one_storage(before: &Sight, here: Option<&str>) -> bool {
    here.is_none_or(|here| before.fence == 0 || here == before.token || here == before.token_here)
}

/// Tells whether the process that had the state may still be writing: it did not end its work, and no lock on a file of this machine would show it.
fn may_still_write(before: &Sight, host: &str) -> bool {
    before.fence > 0 && !before.has_ended && before.host != host
}

fn in_use(station: &Station, fault: StoreFault) -> EngineFault {
    match fault {
        StoreFault::Held => ConfigFault::InUse { dir: station.dir.clone() }.into(),
        fault => fault.into(),
    }
}

fn other_storage(station: &Station) -> ConfigFault {
    let dir = station.dir.display();
    let sentence = |lang| {
        say!(
            lang,
            "{dir} 与状态库对不上：上次运行用的不是这里的留存包和日志，或数据库恢复成了旧的，没有改动任何东西。请挂载两台共用的存储；若刚恢复过数据库，请按 RUNBOOK“状态在 PostgreSQL”处理。",
            "{dir} does not belong to the state on the server: the station last ran with another spool and log, or the database was restored from an old copy; nothing was changed. Mount the storage that both machines see; after a restore see 'A station whose state is in PostgreSQL' in the runbook."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

/// Opens the state for reading, beside whoever has it. A station that never ran has none and gets one.
///
/// # Errors
/// As [`take_state`].
pub fn read_state(station: &Station, login: &Login) -> Result<PostgresStore, EngineFault> {
    if let Some(store) = PostgresStore::open_read_only(login)? {
        return Ok(store);
    }
    let _lock = StationLock::take(station)?;
    drop(take_state(station, login)?);
    PostgresStore::open_read_only(login)?.ok_or_else(|| StoreFault::Gone("its tables are not there".to_owned()).into())
}

/// Says of a process that had the state and finds it with another one that it was taken over.
pub fn taken_over(fault: EngineFault, had_it: bool) -> EngineFault {
    match fault {
        EngineFault::Config(ConfigFault::InUse { .. }) if had_it => StoreFault::Superseded.into(),
        fault => fault,
    }
}

/// Checks that there is something to stand by.
///
/// # Errors
/// [`ConfigFault::Refused`] where the state is a file: no second machine may open it.
pub fn check_fit(station: &Station) -> Result<(), ConfigFault> {
    if login(station)?.is_some() {
        return Ok(());
    }
    let sentence = |lang| {
        say!(
            lang,
            "本站的状态在 SQLite 文件里，不能有备用。请先把 station.toml 的 store 设为 PostgreSQL（只对新建的站），或去掉 --standby。",
            "This station's state is a SQLite file and can have no standby. Use a station whose store is PostgreSQL (set when it is made), or leave out --standby."
        )
    };
    Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) })
}

/// What waiting for a turn came to.
pub enum Turn {
    /// No other process has the station.
    Ours(StationLock),
    /// The process was asked to stop.
    Stopped,
}

/// Waits until no other process has the station; `pause` waits and tells whether to stop.
///
/// # Errors
/// [`ConfigFault::Refused`] when the directory here is not the one that the running process uses; what a person must mend.
pub fn stand_by(station: &Station, pause: &mut dyn FnMut(Duration) -> bool) -> Result<Turn, EngineFault> {
    let lang = station.config.station.lang;
    let mut watch = Watch { station, store: None, proven: None };
    let (mut said, mut told) = (false, None);
    loop {
        match watch.look() {
            Ok(Some(lock)) => return Ok(Turn::Ours(lock)),
            Ok(None) if !said => {
                said = true;
                tracing::info!("standing by");
            }
            Ok(None) => {}
            Err(fault) if fault.policy() == Policy::Retry => {
                if told.as_deref() != Some(fault.code()) {
                    tracing::warn!(code = fault.code(), "{}", fault.sentence(lang));
                }
                told = Some(fault.code().to_owned());
            }
            Err(fault) => return Err(fault),
        }
        if pause(LOOK_EVERY) {
            return Ok(Turn::Stopped);
        }
    }
}

/// What a process that stands by keeps between two looks.
struct Watch<'a> {
    station: &'a Station,
    store: Option<PostgresStore>,
    /// The token of the process that has proven to use this directory.
    proven: Option<String>,
}

impl Watch<'_> {
    /// Gives the station's lock when it is this process's turn.
    fn look(&mut self) -> Result<Option<StationLock>, EngineFault> {
        let Some(login) = login(self.station)? else { return Ok(self.free_here()?) };
        if self.store.is_none() {
            self.store = PostgresStore::open_read_only(&login)?;
        }
        let sight = self.store.as_mut().map_or(Ok(None), PostgresStore::sight);
        if sight.is_err() {
            self.store = None;
        }
        match sight? {
            Some(sight) if sight.is_held => {
                self.prove(&sight)?;
                Ok(None)
            }
            _ => Ok(self.free_here()?),
        }
    }

    /// Takes the lock against processes of this machine: one that the server let go may not have ended yet.
    fn free_here(&self) -> Result<Option<StationLock>, ConfigFault> {
        match StationLock::take_here(self.station) {
            Ok(lock) => Ok(Some(lock)),
            Err(ConfigFault::InUse { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Proves that spool and log here are those of the running process: it answers a request that was left here with the token that the
    /// server shows.
    fn prove(&mut self, sight: &Sight) -> Result<(), ConfigFault> {
        if self.proven.as_ref() == Some(&sight.token) || sight.token.is_empty() {
            return Ok(());
        }
        match ask_running(self.station, &Request::Prove, &SystemRandom, &|| {}) {
            Ok(Asked::Answered(answer)) if answer.document.as_ref() == Some(&sight.token) => {
                self.proven = Some(sight.token.clone());
                Ok(())
            }
            // It ended, or another one took over meanwhile: the next look tells.
            Ok(_) => Ok(()),
            Err(ConfigFault::NoAnswer { request, .. }) => {
                // Nobody who has this directory is there to take it.
                let _ = std::fs::remove_file(request);
                Err(other_storage(self.station))
            }
            Err(fault) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(fence: i64, host: &str, has_ended: bool) -> Sight {
        let (token, token_here) = ("new".to_owned(), "old".to_owned());
        Sight { fence, token, token_here, host: host.to_owned(), has_ended, is_held: false }
    }

    #[test]
    fn a_process_rests_only_after_another_machine_that_did_not_end_its_work() {
        assert!(may_still_write(&sight(3, "there", false), "here"));
        assert!(!may_still_write(&sight(3, "there", true), "here"));
        assert!(!may_still_write(&sight(3, "here", false), "here"));
        assert!(!may_still_write(&sight(0, "", true), "here"));
    }

    #[test]
    fn a_directory_is_the_stations_when_it_holds_the_token_of_the_state_or_the_one_before_it() {
        for (here, is_one) in [(Some("new"), true), (Some("old"), true), (Some("other"), false), (None, true)] {
            assert_eq!(is_one_storage(&sight(3, "here", false), here), is_one, "{here:?}");
        }
        assert!(is_one_storage(&sight(0, "", true), Some("other")), "a state that nobody took yet");
    }
}
