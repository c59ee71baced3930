//! One station of the simulation: its disk, its store, its keys, and the engine while it runs.

use super::chance::Chance;
use super::hooked::{Hook, HookedFiles};
use dukou_packets::keyring::{KeyEntry, Keyring, KeyringBody, Role, Side};
use dukou_packets::log::line::{Event, Line};
use dukou_packets::packet::header::{ChannelName, Environment};
use dukou_packets::suite::{Digest, Random, Signer, SoftSigner, SoftUnwrapper, StationId};
use dukou_shared::channel::{
    After, BatchConfig, Channel, ChannelSink, ChannelSource, Identical, OnRefused, ScreenConfig, SinkConfig, SourceConfig,
    TableSinkConfig, TableSourceConfig,
};
use dukou_shared::connectors::tables::simulated::SimDatabases;
use dukou_shared::engine::{Engine, PassReport, Seams, Standing};
use dukou_shared::error::EngineFault;
use dukou_shared::keys::approvers::{Roster, next_keyring};
use dukou_shared::keys::{Grant, StationKeys, Trust};
use dukou_shared::lang::Lang;
use dukou_shared::log::read_lines;
use dukou_shared::reporting::transport::{Platforms, RealPlatforms};
use dukou_shared::requests::{Answer, Request};
use dukou_shared::seams::clock::SimClock;
use dukou_shared::seams::sim_files::SimFiles;
use dukou_shared::station::{FerryConfig, Identity, KeepConfig, LinkConfig, PacketConfig, Station, StationConfig};
use dukou_shared::store::memory::MemoryStore;
use std::path::PathBuf;
use std::sync::Arc;

/// Wall clock at which every simulation begins: 2026-11-22.
pub const BEGIN_MS: i64 = 1_795_305_600_000;

/// A channel's name.
///
/// # Panics
/// When it is none.
pub fn name(text: &str) -> ChannelName {
    text.parse().expect("a channel name")
}

/// A channel without screening, three records a packet, whose files count as finished at once.
pub fn channel(text: &str, from: Side) -> Channel {
    Channel {
        channel: name(text),
        title: text.to_string(),
        from,
        priority: 5,
        structure: None,
        source: ChannelSource::Folder(SourceConfig {
            folder: PathBuf::from("drop").join(text),
            settle_seconds: 0,
            identical: Identical::Once,
            after: After::Remove,
            archive: "archive".into(),
            status: false,
        }),
        screen: ScreenConfig::default(),
        cargo: None,
        on_error: Default::default(),
        areas: Default::default(),
        encoding: None,
        day_mark: None,
        batch: BatchConfig { max_bytes: 1 << 20, max_records: 3, linger_ms: 0 },
        sink: ChannelSink::Folder(SinkConfig {
            folder: PathBuf::from("arrived").join(text),
            owner: None,
            group: None,
            mode: "0640".to_string(),
        }),
    }
}

/// A channel of tables, three records a packet, from the database `sqlite:NAME-source` to `sqlite:NAME-sink`.
pub fn table_channel(text: &str, from: Side, tables: &[&str]) -> Channel {
    let source = TableSourceConfig {
        database: format!("sqlite:{text}-source"),
        database_password_file: None,
        tables: tables.iter().map(|table| (*table).to_string()).collect(),
        poll_seconds: 0,
        view_days: None,
    };
    let sink = TableSinkConfig {
        database: format!("sqlite:{text}-sink"),
        database_password_file: None,
        on_refused: OnRefused::Hold,
        tables: Default::default(),
    };
    Channel { source: ChannelSource::Tables(source), sink: ChannelSink::Tables(sink), ..channel(text, from) }
}

/// Where a simulated machine's randomness and time come from.
pub struct Nature {
    /// The seed of disk and keys.
    pub seed: u64,
    /// The clock, which both stations may share.
    pub clock: Arc<SimClock>,
}

/// A copy of a machine's disk and state.
pub struct MachineCopy {
    files: Vec<(PathBuf, Vec<u8>)>,
    store: MemoryStore,
}

/// A simulated station.
pub struct SimStation {
    /// Its disk.
    pub files: SimFiles,
    /// Its store; what it holds is durable.
    pub store: MemoryStore,
    /// Its clock.
    pub clock: Arc<SimClock>,
    /// Its directory and configuration.
    pub station: Station,
    /// Its channels, both directions.
    pub channels: Vec<Channel>,
    /// Its keys.
    pub keys: StationKeys,
    /// Its authority's key signed this.
    pub card: Keyring,
    /// Its peer.
    pub trust: Option<Trust>,
    /// The databases that its channels of tables lead from and to; whoever shares them takes a clone.
    pub databases: SimDatabases,
    /// The platforms that it reports to.
    pub platforms: Arc<dyn Platforms>,
    /// What acts between two of its file operations.
    pub hook: Hook,
    /// Whether its engine has a second thread, from its next opening on: what that does is as the machine has it, and no seed decides.
    pub second_thread: bool,
    /// How often its engine was opened.
    pub starts: u64,
    authority: SoftSigner,
    random: Arc<Chance>,
    engine: Option<Engine>,
}

impl SimStation {
    /// Sets a station up with its keys and directories; nobody is trusted yet.
    pub fn new(side: Side, nature: &Nature, channels: Vec<Channel>) -> Self {
        let random = Arc::new(Chance::new(nature.seed));
        let dir = PathBuf::from("/").join(side.to_string());
        let identity = Identity {
            id: StationId::draw(random.as_ref()),
            name: side.to_string(),
            side,
            environment: Environment::Test,
            lang: Lang::Zh,
            store: Default::default(),
            store_password_file: None,
        };
        let (card, keys, authority) = make_keys(&identity, random.as_ref());
        let config = StationConfig {
            station: identity,
            ferry: FerryConfig::default(),
            link: LinkConfig { signal_seconds: 0, ..LinkConfig::default() },
            packets: PacketConfig { suite: 1, level: 1, rows_level: 1 },
            keep: KeepConfig::default(),
            alarm: Default::default(),
            lanes: Vec::new(),
        };
        let station = Station { dir, config };
        let files = SimFiles::with_clock(nature.seed, nature.clock.clone());
        let made = Self {
            files,
            store: MemoryStore::new(),
            clock: nature.clock.clone(),
            station,
            channels,
            keys,
            card,
            trust: None,
            databases: SimDatabases::default(),
            platforms: Arc::new(RealPlatforms),
            hook: Hook::default(),
            second_thread: false,
            starts: 0,
            authority,
            random,
            engine: None,
        };
        made.make_places();
        made
    }

    fn make_places(&self) {
        let folders = self.channels.iter().flat_map(folders_of).map(|folder| self.station.dir.join(folder));
        let ferries = [self.station.ferry_out(), self.station.ferry_in()];
        for dir in self.station.own_dirs().into_iter().chain(folders).chain(ferries) {
            self.files.mkdir(dir);
        }
        self.files.put(self.station.log_dir().join("keyring-000001.txt"), self.card.text());
    }

    /// Lets the station trust a peer on some channels.
    pub fn pair(&mut self, peer: &Keyring, channels: &[&str]) {
        let channels = channels.iter().map(|text| name(text)).collect();
        let grant = Grant { keyring: peer.digest(), compared: true, channels, operator: "tester".to_string() };
        self.trust = Some(Trust { peer: peer.clone(), grant });
    }

    /// Adds an approver by the next version of the keyring, before the engine is opened.
    ///
    /// # Panics
    /// When the keyring is full.
    pub fn add_approver(&mut self, seed: u8) -> SoftSigner {
        let signer = SoftSigner::from_seed([seed; 32]);
        let next = next_keyring(&self.keys.keyring, Roster::Add(signer.public()), &self.authority).expect("a keyring");
        self.files.put(self.station.log_dir().join(format!("keyring-{:06}.txt", next.body().version)), next.text());
        self.keys.keyring = next;
        signer
    }

    /// Ends an approver's key by the next version of the keyring, while the engine does not run.
    ///
    /// # Panics
    /// When there is no such approver.
    pub fn end_approver(&mut self, seed: u8) {
        let id = SoftSigner::from_seed([seed; 32]).key_id();
        let next = next_keyring(&self.keys.keyring, Roster::End(id), &self.authority).expect("a keyring");
        self.files.put(self.station.log_dir().join(format!("keyring-{:06}.txt", next.body().version)), next.text());
        self.keys.keyring = next;
    }

    /// Opens the engine unless it runs.
    ///
    /// # Errors
    /// What the engine says.
    pub fn open(&mut self) -> Result<(), EngineFault> {
        if self.engine.is_none() {
            self.starts += 1;
            let seams = Seams {
                files: Arc::new(HookedFiles::new(self.files.clone(), self.hook.clone())),
                clock: self.clock.clone(),
                random: self.random.clone(),
                databases: Arc::new(self.databases.clone()),
                platforms: self.platforms.clone(),
                second_thread: self.second_thread,
            };
            let (channels, keys) = (self.channels.clone(), self.keys.clone());
            let store = Box::new(self.store.clone());
            self.engine = Some(Engine::open(self.station.clone(), channels, keys, self.trust.clone(), seams, store)?);
        }
        Ok(())
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Engine) -> Result<T, EngineFault>) -> Result<T, EngineFault> {
        self.open()?;
        let Some(engine) = &mut self.engine else { unreachable!("it was just opened") };
        let outcome = act(engine);
        if outcome.is_err() {
            self.engine = None;
        }
        outcome
    }

    /// One step of the engine, which is opened when it does not run. A fault ends it.
    ///
    /// # Errors
    /// What the engine says.
    pub fn step(&mut self) -> Result<PassReport, EngineFault> {
        self.with(Engine::step)
    }

    /// Promises the engine to step again as soon as a file comes, as the running program does.
    ///
    /// # Errors
    /// What the engine says.
    pub fn will_be_woken(&mut self) -> Result<(), EngineFault> {
        self.with(|engine| {
            engine.will_be_woken();
            Ok(())
        })
    }

    /// Tells how soon (ms) the engine wants to step though no file comes; `None` when nothing waits, or while it does not run.
    pub fn rest_ms(&self) -> Option<u64> {
        self.engine.as_ref().and_then(Engine::rest_ms)
    }

    /// One whole pass, with its waits.
    ///
    /// # Errors
    /// What the engine says.
    pub fn pass(&mut self) -> Result<PassReport, EngineFault> {
        self.with(Engine::pass)
    }

    /// Performs a person's request.
    ///
    /// # Errors
    /// What the engine says.
    pub fn perform(&mut self, request: &Request) -> Result<Answer, EngineFault> {
        self.with(|engine| engine.perform(request))
    }

    /// Performs the requests that lie beside the running station as files.
    ///
    /// # Errors
    /// What the engine says.
    pub fn serve_requests(&mut self) -> Result<(), EngineFault> {
        self.with(Engine::serve_requests).map(drop)
    }

    /// Tells how things stand after a report; `None` while the engine does not run.
    pub fn standing(&self, report: &PassReport) -> Option<Standing> {
        self.engine.as_ref().map(|engine| engine.standing(report))
    }

    /// Ends the engine cleanly.
    ///
    /// # Errors
    /// What the engine says.
    pub fn close(&mut self) -> Result<(), EngineFault> {
        self.engine.take().map_or(Ok(()), Engine::close)
    }

    /// The process ends here, whatever it was doing, and may be started again.
    pub fn crash(&mut self) {
        self.engine = None;
        self.files.restart();
        self.store.restart();
    }

    /// The power goes: what was not durable is lost as the seed decides.
    pub fn power_cut(&mut self) {
        self.engine = None;
        self.files.power_cut();
        self.store.restart();
    }

    /// Copies the whole machine but for the ferry directories, as a backup does.
    pub fn copy(&self) -> MachineCopy {
        let files = self.own_files().into_iter().map(|path| (self.files.get(&path).unwrap_or_default(), path));
        MachineCopy { files: files.map(|(bytes, path)| (path, bytes)).collect(), store: self.store.copy() }
    }

    /// Puts a copy back: the process ends, and everything is as it was then.
    pub fn put_back(&mut self, copy: &MachineCopy) {
        self.engine = None;
        for path in self.own_files() {
            self.files.remove(path);
        }
        for (path, bytes) in &copy.files {
            self.files.put(path, bytes);
        }
        self.store = copy.store.copy();
    }

    fn own_files(&self) -> Vec<PathBuf> {
        let ferries = [self.station.ferry_out(), self.station.ferry_in()];
        let all = self.files.tree(&self.station.dir).into_iter().map(|name| self.station.dir.join(name));
        all.filter(|path| !ferries.iter().any(|ferry| path.starts_with(ferry))).collect()
    }

    /// Gives a channel's configuration.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn channel(&self, channel: &ChannelName) -> &Channel {
        self.channels.iter().find(|known| known.channel == *channel).expect("a configured channel")
    }

    /// The folder that suppliers of a channel write into.
    ///
    /// # Panics
    /// For a channel of tables.
    pub fn source(&self, channel: &ChannelName) -> PathBuf {
        self.station.dir.join(&self.channel(channel).source.folder().expect("a channel of files").folder)
    }

    /// The folder that consumers of a channel take from.
    ///
    /// # Panics
    /// For a channel of tables.
    pub fn sink(&self, channel: &ChannelName) -> PathBuf {
        self.station.dir.join(&self.channel(channel).sink.folder().expect("a channel of files").folder)
    }

    /// Tells whether a channel is one of files.
    pub fn has_folders(&self, channel: &ChannelName) -> bool {
        self.channel(channel).source.folder().is_some()
    }

    /// The channels that arrive here.
    pub fn incoming(&self) -> Vec<ChannelName> {
        let side = self.station.config.station.side;
        self.channels.iter().filter(|channel| channel.from != side).map(|channel| channel.channel.clone()).collect()
    }

    /// The channels that leave from here.
    pub fn outgoing(&self) -> Vec<ChannelName> {
        let side = self.station.config.station.side;
        self.channels.iter().filter(|channel| channel.from == side).map(|channel| channel.channel.clone()).collect()
    }

    /// What the packet log says, line by line.
    pub fn log(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let read = read_lines(&self.files, &self.station.log_dir(), &mut |line: Line| events.push(line.event));
        read.map_or_else(|_| Vec::new(), |()| events)
    }
}

/// Gives the folders of a channel: none of a channel of tables.
pub fn folders_of(channel: &Channel) -> Vec<&PathBuf> {
    let source = channel.source.folder().map(|source| &source.folder);
    source.into_iter().chain(channel.sink.folder().map(|sink| &sink.folder)).collect()
}

fn make_keys(identity: &Identity, random: &dyn Random) -> (Keyring, StationKeys, SoftSigner) {
    let draw = || {
        let mut secret = [0; 32];
        random.fill(&mut secret);
        secret
    };
    let signer = || SoftSigner::from_seed(draw());
    let (authority, packet, log) = (signer(), signer(), signer());
    let (encryption, recovery) = (SoftUnwrapper::from_secret(draw()), SoftUnwrapper::from_secret(draw()));
    let public = |key: &dyn dukou_packets::suite::Signer| key.public();
    let keys = vec![
        KeyEntry::new(Role::Authority, 0, public(&authority), 0),
        KeyEntry::new(Role::Packet, 0, public(&packet), 0),
        KeyEntry::new(Role::Log, 0, public(&log), 0),
        KeyEntry::new(Role::Encryption, 0, encryption.public(), 0),
        KeyEntry::new(Role::Recovery, 0, recovery.public(), 0),
    ];
    let body = KeyringBody {
        station: identity.id,
        name: identity.name.clone(),
        side: identity.side,
        environment: identity.environment,
        version: 1,
        previous: Digest::ZERO,
        threshold: 1,
        suites: vec![1, 2],
        keys,
        revoked: Vec::new(),
    };
    let card = Keyring::issue(body, &authority).expect("a keyring within its limits");
    let keys =
        StationKeys { keyring: card.clone(), packet: Arc::new(packet), log: Arc::new(log), encryption: Arc::new(encryption) };
    (card, keys, authority)
}
