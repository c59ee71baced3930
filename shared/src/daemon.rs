//! The shell around the engine: one named thread that steps, woken by notifications, timers and signals.
//!
//! tokio, signals and notify live here and nowhere deeper. Notifications are hints; the full scan of each step is the truth.

use crate::accounts;
use crate::channel::Channel;
use crate::connectors::tables::database::Drivers;
use crate::engine::{Engine, PassReport, Seams, Standing};
use crate::error::{ConfigFault, EngineFault, Policy};
use crate::keys::{StationKeys, Trust};
use crate::report;
use crate::reporting::transport::RealPlatforms;
use crate::requests::requests_dir;
use crate::seams::clock::SystemClock;
use crate::seams::real_files::RealFiles;
use crate::standby::{self, Turn};
use crate::station::Station;
use crate::store::memory::MemoryStore;
use crate::store::place::StatePlace;
use crate::store::sqlite::SqliteStore;
use crate::store::{Direction, Store, StoreFault};
use crate::trouble::{Trouble, tell_fault};
use dukou_packets::suite::SystemRandom;
use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecursiveMode, Watcher};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long the engine rests after a passing fault before it is opened anew.
const RETRY_REST: Duration = Duration::from_secs(5);

/// Most notifications that wait for the engine's thread: a million files that come during one step take no more memory than these.
const WAKES_MAX: usize = 100_000;

/// How often a running station looks for requests that commands left beside it, where nothing tells it of them.
const REQUESTS_EVERY: Duration = Duration::from_millis(500);

/// The lock that keeps a second process off the station; it ends with the process.
pub struct StationLock(#[expect(dead_code, reason = "held for its lock")] File);

impl StationLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`ConfigFault::InUse`] when another process holds it; [`ConfigFault::NotRoots`] when root asks for another account's station.
    pub fn take(station: &Station) -> Result<Self, ConfigFault> {
        let lock = Self::take_here(station)?;
        match standby::is_held_elsewhere(station)? {
            true => Err(ConfigFault::InUse { dir: station.dir.clone() }),
            false => Ok(lock),
        }
    }

    /// Takes the lock against the processes of this machine alone; that is all of them where the state is a file.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_here(station: &Station) -> Result<Self, ConfigFault> {
        let path = standby::lock_file(station);
        let owner = accounts::other_owner(&station.state_dir());
        let opened = File::options().create(owner.is_none()).append(true).open(&path);
        let is_missing = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        let file = match (opened, owner) {
            (Ok(file), _) => file,
            (Err(error), Some(owner)) if is_missing(&error) => return Err(not_roots(station, owner)),
            (Err(error), _) => return Err(ConfigFault::unreadable(&path, &error)),
        };
        match (file.try_lock(), owner) {
            (Ok(()), Some(owner)) => Err(not_roots(station, owner)),
            (locked, _) => Self::held(station, file, locked),
        }
    }

    fn held(station: &Station, file: File, locked: Result<(), TryLockError>) -> Result<Self, ConfigFault> {
        let path = standby::lock_file(station);
        match locked {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(ConfigFault::InUse { dir: station.dir.clone() }),
            Err(TryLockError::Error(error)) => Err(ConfigFault::unreadable(&path, &error)),
        }
    }
}

fn not_roots(station: &Station, (uid, _): (u32, u32)) -> ConfigFault {
    let account = accounts::user_name(uid).unwrap_or_else(|| format!("#{uid}"));
    ConfigFault::NotRoots { dir: station.dir.clone(), account }
}

/// Opens the station's state for writing.
///
/// # Errors
/// [`ConfigFault::Unreadable`] when its file's owner or mode is wrong, which a database would call damage; else [`EngineFault::Store`].
pub fn open_store(station: &Station) -> Result<Box<dyn Store>, EngineFault> {
    if let Some(login) = standby::login(station)? {
        return Ok(Box::new(standby::take_state(station, &login)?));
    }
    let path = station.state_dir().join("station.sqlite");
    permitted(&path, File::options().read(true).write(true).open(&path))?;
    Ok(Box::new(SqliteStore::open(&path)?))
}

/// Opens the station's state for reading, beside whoever writes it. Where there is none, since the station never ran or the state was lost, an empty one is
/// read and none is made.
///
/// # Errors
/// As [`open_store`].
pub fn read_store(station: &Station) -> Result<Box<dyn Store>, EngineFault> {
    if let Some(login) = standby::login(station)? {
        return Ok(Box::new(standby::read_state(station, &login)?));
    }
    let (dir, path) = (station.state_dir(), station.state_dir().join("station.sqlite"));
    std::fs::read_dir(&dir).map_err(|error| ConfigFault::unreadable(&dir, &error))?;
    if !is_there(&path)? {
        return Ok(Box::new(MemoryStore::new()));
    }
    permitted(&path, File::open(&path))?;
    Ok(Box::new(SqliteStore::open_read_only(&path)?))
}

/// As [`read_store`], for answers that a lost state must not give: that there is nothing.
///
/// # Errors
/// As [`read_store`]; [`LogFault::StateBehind`](crate::error::LogFault::StateBehind), or as it may be, where there is no state and the packet log names what it has to
/// know.
pub fn read_known_store(station: &Station) -> Result<Box<dyn Store>, EngineFault> {
    let mut store = read_store(station)?;
    let is_beside = matches!(station.config.station.store, StatePlace::Sqlite);
    if is_beside && !is_there(&station.state_dir().join("station.sqlite"))? {
        report::state_fault(station, store.as_mut())?.map_or(Ok(()), Err)?;
    }
    Ok(store)
}

fn is_there(path: &Path) -> Result<bool, ConfigFault> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(ConfigFault::unreadable(path, &error)),
    }
}

fn permitted(path: &Path, opened: std::io::Result<File>) -> Result<(), ConfigFault> {
    match opened {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ConfigFault::unreadable(path, &error)),
        _ => Ok(()),
    }
}

/// Opens the engine on the real seams.
///
/// # Errors
/// [`EngineFault`] when anything on disk is not as it must be.
pub fn open_engine(station: &Station) -> Result<Engine, EngineFault> {
    let channels = Channel::load_all(station)?;
    let keys = StationKeys::load(station)?;
    let trust = Trust::load(station)?;
    let seams = Seams {
        files: Arc::new(RealFiles::new()),
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        databases: Arc::new(Drivers),
        platforms: Arc::new(RealPlatforms),
        second_thread: true,
    };
    let store = open_store(station)?;
    Engine::open(station.clone(), channels, keys, trust, seams, store)
}

/// Runs `work` on the engine's thread, whose name fault injectors and debuggers look for.
///
/// # Errors
/// What `work` says, or that no thread could be started.
pub fn on_engine_thread<T: Send>(work: impl FnOnce() -> Result<T, EngineFault> + Send) -> Result<T, EngineFault> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("dukou-engine".to_string()).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| ConfigFault::NoThread { problem: error.to_string() })?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// One pass of everything.
///
/// # Errors
/// [`EngineFault`].
pub fn pass(station: &Station) -> Result<(PassReport, Standing), EngineFault> {
    on_engine_thread(|| {
        let mut engine = open_engine(station)?;
        say_troubles(&engine.serve_requests()?);
        let report = engine.pass()?;
        // What was asked while the pass had the station is answered before it leaves.
        say_troubles(&engine.serve_requests()?);
        let standing = engine.standing(&report);
        engine.close()?;
        Ok((report, standing))
    })
}

/// Why the engine's thread wakes.
enum Wake {
    /// A file was renamed in or closed after writing.
    Finished(PathBuf),
    /// A command left a request.
    Asked,
    /// Something else happened.
    Look,
    /// The station is asked to stop.
    Stop,
}

/// How a daemon comes to its station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It has the station already.
    Now,
    /// It waits until no other process has the station, and again when another one took it over.
    StandBy,
}

/// Runs the station until SIGTERM or SIGINT.
///
/// # Errors
/// [`EngineFault`] when the station must stop: its policy is `Mend` or `Halt`.
pub fn run(station: &Station, start: Start) -> Result<(), EngineFault> {
    let (wake, woken) = sync_channel(WAKES_MAX);
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| ConfigFault::NoThread { problem: error.to_string() })?;
    // The handlers are there before the engine is: a signal in its first moments ends it as cleanly as any other.
    let handlers = runtime.block_on(async { Ok([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]) });
    let handlers = handlers.map_err(|error: std::io::Error| ConfigFault::NoThread { problem: error.to_string() })?;
    runtime.spawn(stop_on_signal(handlers, wake.clone(), stop.clone()));
    let _watcher = watch(station, wake)?;
    on_engine_thread(move || work(station, start, &woken, &stop))
}

async fn stop_on_signal([mut term, mut interrupt]: [Signal; 2], wake: SyncSender<Wake>, stop: Arc<AtomicBool>) {
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.store(true, Ordering::SeqCst);
    // The engine's thread may be gone already: then there is nothing left to stop.
    let _ = wake.send(Wake::Stop);
}

/// Watches source folders and the ferry directory. Where watching does not work, as on network mounts, the scans do it all.
fn watch(station: &Station, wake: SyncSender<Wake>) -> Result<Option<notify::RecommendedWatcher>, EngineFault> {
    let requests = requests_dir(station);
    let asked = requests.clone();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        for wake_up in wakes(event, &asked) {
            // What does not fit is found by the scan that the others wake up for.
            let _ = wake.try_send(wake_up);
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!(%error, "no notifications; scans alone find new files");
            return Ok(None);
        }
    };
    let mut folders = vec![(station.ferry_in(), RecursiveMode::NonRecursive)];
    // Before the first start it is not there, and requests are looked for alone.
    folders.extend(requests.is_dir().then_some((requests, RecursiveMode::NonRecursive)));
    for channel in Channel::load_all(station)? {
        if channel.direction(station.config.station.side) == Direction::Out {
            folders.extend(channel.source.folder().map(|source| (station.dir.join(&source.folder), RecursiveMode::Recursive)));
        }
    }
    for (folder, mode) in folders {
        if let Err(error) = watcher.watch(&folder, mode) {
            // The kind alone: the error's text may name a folder below.
            tracing::warn!(folder = %folder.display(), kind = ?error.kind, "this folder is found by scans alone");
        }
    }
    Ok(Some(watcher))
}

fn wakes(event: notify::Result<notify::Event>, requests: &Path) -> Vec<Wake> {
    let Ok(event) = event else { return vec![Wake::Look] };
    if event.need_rescan() {
        return vec![Wake::Look];
    }
    let finished = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => true,
        // Our own status files and staging would wake us without end.
        _ => return Vec::new(),
    };
    let visible = |path: &PathBuf| {
        !path.components().any(|part| part.as_os_str().to_str().is_some_and(|part| part.starts_with('.') && part.len() > 2))
    };
    let wake = |path: PathBuf| match path.parent() == Some(requests) {
        // Answers are our own.
        true => path.extension().is_some_and(|extension| extension == "request").then_some(Wake::Asked),
        false => Some(Wake::Finished(path)),
    };
    event.paths.into_iter().filter(visible).filter(|_| finished).filter_map(wake).collect()
}

/// The engine's thread: step, serve, wait; a passing fault opens the engine anew. Asked to stop while there is one, it ends with that fault: the
/// run's `stop` line is missing.
fn work(station: &Station, start: Start, woken: &Receiver<Wake>, stop: &Arc<AtomicBool>) -> Result<(), EngineFault> {
    let lang = station.config.station.lang;
    let record_folders = Channel::record_folders(station, &Channel::load_all(station)?);
    let (mut lock, mut had_it) = (None, false);
    while !stop.load(Ordering::SeqCst) {
        if start == Start::StandBy && lock.is_none() {
            match standby::stand_by(station, &mut |pause| rest(woken, pause) || stop.load(Ordering::SeqCst))? {
                Turn::Ours(taken) => lock = Some(taken),
                Turn::Stopped => return Ok(()),
            }
        }
        let opened = open_engine(station);
        had_it |= opened.is_ok();
        let fault = match opened.and_then(|engine| keep_stepping(station, engine, woken, stop)) {
            Ok(()) => return Ok(()),
            Err(fault) => standby::taken_over(fault, had_it).without_names(&record_folders),
        };
        if start == Start::StandBy && is_anothers(&fault) {
            tracing::warn!(code = fault.code(), "{}", fault.sentence(lang));
            lock = None;
            continue;
        }
        if fault.policy() != Policy::Retry {
            return Err(fault);
        }
        tracing::error!(code = fault.code(), "{}", fault.sentence(lang));
        if had_it {
            tell_fault(station, &fault);
        }
        if stop.load(Ordering::SeqCst) || rest(woken, RETRY_REST) {
            return Err(fault.unclosed());
        }
    }
    Ok(())
}

/// Tells whether the fault is that another process has the station.
fn is_anothers(fault: &EngineFault) -> bool {
    matches!(fault, EngineFault::Store(StoreFault::Superseded) | EngineFault::Config(ConfigFault::InUse { .. }))
}

fn keep_stepping(
    station: &Station,
    mut engine: Engine,
    woken: &Receiver<Wake>,
    stop: &Arc<AtomicBool>,
) -> Result<(), EngineFault> {
    engine.stop_when(stop.clone());
    engine.will_be_woken();
    let linger = linger(station)?;
    let scan_every = Duration::from_secs(station.config.ferry.scan_seconds);
    loop {
        say_troubles(&engine.serve_requests()?);
        let report = engine.step()?;
        say_what_happened(&report);
        let soon = if report.young > 0 || report.incomplete > 0 { Duration::from_secs(1).min(scan_every) } else { scan_every };
        let until = Instant::now() + engine.rest_ms().map_or(soon, |ms| soon.min(Duration::from_millis(ms)));
        match wait(&mut engine, station, woken, until, linger)? {
            Waited::Work if !stop.load(Ordering::SeqCst) => {}
            _ => return engine.close(),
        }
    }
}

enum Waited {
    Work,
    Stop,
}

/// Waits for something to do; after the first finished file it lingers for company.
fn wait(
    engine: &mut Engine,
    station: &Station,
    woken: &Receiver<Wake>,
    until: Instant,
    linger: Duration,
) -> Result<Waited, EngineFault> {
    let mut deadline = until;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match woken.recv_timeout(left.min(REQUESTS_EVERY)) {
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(Waited::Stop),
            Ok(Wake::Look) => return Ok(Waited::Work),
            Ok(Wake::Finished(path)) => {
                engine.hint(&path);
                let in_ferry = path.starts_with(station.ferry_in());
                deadline = deadline.min(Instant::now() + if in_ferry { Duration::ZERO } else { linger });
            }
            Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => return Ok(Waited::Work),
            Ok(Wake::Asked) | Err(RecvTimeoutError::Timeout) => {
                say_troubles(&engine.serve_requests()?);
                // What was asked may have something to do now.
                deadline = engine.rest_ms().map_or(deadline, |ms| deadline.min(Instant::now() + Duration::from_millis(ms)));
            }
        }
    }
}

/// The shortest linger of the outgoing channels.
fn linger(station: &Station) -> Result<Duration, EngineFault> {
    let side = station.config.station.side;
    let lingers = Channel::load_all(station)?
        .into_iter()
        .filter(|channel| channel.direction(side) == Direction::Out)
        .map(|channel| channel.batch.linger_ms);
    Ok(Duration::from_millis(lingers.min().unwrap_or(0)))
}

/// Waits; true when the station is asked to stop meanwhile.
fn rest(woken: &Receiver<Wake>, how_long: Duration) -> bool {
    let until = Instant::now() + how_long;
    while let Ok(wake) = woken.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if matches!(wake, Wake::Stop) {
            return true;
        }
    }
    false
}

fn say_what_happened(report: &PassReport) {
    if report.moved() {
        tracing::info!(
            accepted = report.accepted,
            rejected = report.rejected,
            held_back = report.held_back,
            packets_out = report.packets_out,
            packets_in = report.packets_in,
            delivered = report.delivered,
            duplicates = report.duplicates,
            "moved"
        );
    }
    for (code, count) in &report.aside {
        tracing::warn!(code, count, "packets set aside");
    }
    say_troubles(&report.troubles);
}

/// One journal line a kind of trouble.
fn say_troubles(found: &[Trouble]) {
    let mut troubles: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for trouble in found {
        *troubles.entry((&*trouble.code, &*trouble.journal)).or_default() += 1;
    }
    for ((code, sentence), count) in troubles {
        tracing::warn!(code, count, "{sentence}");
    }
}
