//! The state on a PostgreSQL server: a schema a station, one process at a time that may write it.
//!
//! A session advisory lock keeps a second process off while the first one's session lives. Whoever takes the state raises its fence
//! number, and every transaction proves in itself that the number is still its own: a process whose session died, and whose lock another
//! one took, never commits again. `synchronous_commit` is on for every session; the connection must go to the server itself, not
//! through a pooler, since lock and settings belong to the session.

mod book;
mod cards;
mod changes;
mod faults;
mod lanes;
mod reads;
mod schema;
#[cfg(test)]
mod server_tests;
mod session;
mod state;

pub use self::session::{Login, Sight};

use self::faults::{Trouble, at_commit, unchanged};
use self::lanes::Lanes;
use self::session::Session;
use super::book::{BookChange, BookDecision};
use super::cards::{Card, Drawer};
use super::{
    Change, ChannelSums, Direction, HeldBack, PacketKey, PacketRow, PacketState, RecordRow, SentAgain, Sighting, StationState,
    Store, StoreFault, Waiver, Went,
};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use sqlx::PgConnection;
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// How old the last answer of the server may be before a process asks again whether the state is still its own.
const FRESH: Duration = Duration::from_secs(1);

/// When the server answered last: by the clock that runs evenly, which stands still while the machine sleeps, and by the wall clock, which does not.
#[derive(Clone, Copy, Debug)]
struct Answered {
    mono: Instant,
    wall: SystemTime,
}

impl Answered {
    fn now() -> Self {
        Self { mono: Instant::now(), wall: SystemTime::now() }
    }

    /// Both clocks say that it was a moment ago. A clock that was set costs a question, and decides nothing.
    fn is_fresh(self) -> bool {
        self.mono.elapsed() < FRESH && self.wall.elapsed().is_ok_and(|age| age < FRESH)
    }
}

/// The station's state on a PostgreSQL server.
///
/// Its calls block the thread, which must not be one of a runtime's. Once its session has ended, every call answers `Gone`, after an
/// unanswered commit `Cut`, and after another process took the state `Superseded`.
pub struct PostgresStore {
    session: Session,
    lanes: Lanes,
    login: Login,
    /// The number under which this process writes; none where it only reads.
    fence: Option<i64>,
    token: String,
    before: Option<Sight>,
    /// Whether the process went on to use the state: one that was turned away leaves no trace.
    is_settled: bool,
    ended: Option<StoreFault>,
    answered: Answered,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("login", &self.login).field("fence", &self.fence).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Takes the state for this process, for reading and writing; makes its schema and tables if need be.
    ///
    /// # Errors
    /// `Held` when another process has it; `Gone`, `Starved`, `Busy` when the server cannot do it now; `Refused` when it does not let the
    /// station in; `Version`; `Corrupt`.
    pub fn open(login: &Login) -> Result<Self, StoreFault> {
        let mut session = Session::begin(login, false)?;
        let taken = session.run(async |conn| {
            session::lock(conn, login).await?;
            schema::prepare(conn, &login.station).await?;
            session::take(conn, login).await
        });
        let taken = taken.map_err(unchanged)?;
        let mut store = Self::on(session, login);
        store.fence = Some(taken.fence);
        store.token = taken.token;
        store.before = Some(taken.before);
        Ok(store)
    }

    /// Opens the state for reading, beside the process that has it or without one; nothing where it was never made. A commit is refused as
    /// `Corrupt`.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for `Held`.
    pub fn open_read_only(login: &Login) -> Result<Option<Self>, StoreFault> {
        let mut session = Session::begin(login, true)?;
        let is_there = session.run(async |conn| schema::inspect(conn, &login.station).await).map_err(unchanged)?;
        Ok(is_there.then(|| Self::on(session, login)))
    }

    fn on(session: Session, login: &Login) -> Self {
        let (login, answered) = (login.clone(), Answered::now());
        Self {
            session,
            lanes: Lanes::default(),
            login,
            fence: None,
            token: String::new(),
            before: None,
            is_settled: false,
            ended: None,
            answered,
        }
    }

    /// Tells who has the state; nothing where it was never made.
    ///
    /// # Errors
    /// As [`open_read_only`](Self::open_read_only).
    pub fn sight(&mut self) -> Result<Option<Sight>, StoreFault> {
        let station = self.login.station;
        self.read(async |conn, _| session::sight(conn, &station).await)
    }

    /// Tells who had the state before this process took it.
    pub fn before(&self) -> Option<&Sight> {
        self.before.as_ref()
    }

    /// Gives what was drawn when this process took the state; the station's directory gets it, too.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Notes that this process uses the station's directory, which holds the token `here` and will hold [`token`](Self::token).
    ///
    /// # Errors
    /// As [`open`](Self::open); `Superseded`.
    pub fn settle(&mut self, here: Option<&str>) -> Result<(), StoreFault> {
        let fence = self.fence.ok_or_else(|| StoreFault::Corrupt("it was opened for reading".to_owned()))?;
        let tokens = [here.unwrap_or_default().to_owned(), self.token.clone()];
        let host = self.login.host.clone();
        self.read(async |conn, _| session::settle(conn, fence, &host, [&tokens[0], &tokens[1]]).await)?;
        self.is_settled = true;
        Ok(())
    }

    /// Runs a read to its end.
    fn read<T>(
        &mut self,
        read: impl AsyncFnOnce(&mut PgConnection, &mut Lanes) -> Result<T, Trouble>,
    ) -> Result<T, StoreFault> {
        if let Some(fault) = &self.ended {
            return Err(fault.clone());
        }
        let lanes = &mut self.lanes;
        let outcome = self.session.run(async |conn| read(conn, lanes).await).map_err(unchanged);
        self.note(outcome)
    }

    /// Keeps in mind what ends the session.
    fn note<T>(&mut self, outcome: Result<T, StoreFault>) -> Result<T, StoreFault> {
        match &outcome {
            Err(fault @ (StoreFault::Gone(_) | StoreFault::Cut(_) | StoreFault::Superseded)) => {
                self.ended = Some(fault.clone())
            }
            _ => self.answered = Answered::now(),
        }
        outcome
    }

    /// All of a transaction but its end; what fails is rolled back.
    fn prepare(&mut self, fence: i64, changes: &[Change]) -> Result<(), StoreFault> {
        let lanes = &mut self.lanes;
        let outcome = self.session.run(async |conn| changes::prepare(conn, lanes, fence, changes).await);
        if outcome.is_err() {
            self.lanes.forget();
            // A session that ended has rolled back by itself.
            let _ = self.session.run(async |conn| Ok(sqlx::raw_sql("ROLLBACK").execute(conn).await?));
        }
        let outcome = outcome.map_err(unchanged).map_err(|fault| self.or_superseded(fence, fault));
        self.note(outcome)
    }

    /// A session that was ended may have been ended for another process's sake: then there is no use in trying again.
    fn or_superseded(&self, fence: i64, fault: StoreFault) -> StoreFault {
        if !matches!(fault, StoreFault::Gone(_)) {
            return fault;
        }
        let newer = Self::open_read_only(&self.login).and_then(|store| store.map_or(Ok(None), |mut store| store.sight()));
        match newer {
            Ok(Some(sight)) if sight.fence != fence => StoreFault::Superseded,
            _ => fault,
        }
    }
}

impl Drop for PostgresStore {
    /// Leaves the state to the next process before it returns.
    fn drop(&mut self) {
        if let (Some(fence), None) = (self.fence, &self.ended) {
            // Who comes next waits a little longer without this word.
            let settled = self.is_settled;
            let _ = self.session.run(async |conn| session::leave(conn, fence, settled).await);
        }
        self.session.end();
    }
}

impl Store for PostgresStore {
    fn load(&mut self) -> Result<StationState, StoreFault> {
        self.read(async |conn, _| state::load(conn).await)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreFault> {
        if let Some(fault) = &self.ended {
            return Err(fault.clone());
        }
        let Some(fence) = self.fence else {
            return Err(StoreFault::Corrupt("it was opened for reading".to_owned()));
        };
        self.prepare(fence, changes)?;
        // The commit line: once this is answered, the step has happened.
        let outcome = self.session.run(async |conn| Ok(sqlx::raw_sql("COMMIT").execute(conn).await?));
        self.note(outcome.map(drop).map_err(at_commit))
    }

    fn confirm(&mut self) -> Result<(), StoreFault> {
        let Some(fence) = self.fence.filter(|_| self.ended.is_some() || !self.answered.is_fresh()) else {
            return Ok(());
        };
        let sight = self.sight().map_err(|fault| self.or_superseded(fence, fault))?;
        match sight {
            Some(sight) if sight.fence == fence => Ok(()),
            _ => self.note(Err(StoreFault::Superseded)),
        }
    }

    fn went(&mut self, channel: &ChannelName, names: &[&str]) -> Result<Vec<Option<Went>>, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::Out, channel).await? {
            Some(lane) => reads::went(conn, lane, channel, names).await,
            None => Ok(vec![None; names.len()]),
        })
    }

    fn arrived_as(&mut self, channel: &ChannelName, folded: &[&str]) -> Result<Vec<Option<String>>, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::In, channel).await? {
            Some(lane) => reads::arrived_as(conn, lane, folded).await,
            None => Ok(vec![None; folded.len()]),
        })
    }

    fn arrived_before(&mut self, packet: &PacketKey, record: &RecordRow) -> Result<bool, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::In, &packet.channel).await? {
            Some(lane) => reads::arrived_before(conn, lane, packet, record).await,
            None => Ok(false),
        })
    }

    fn packet(&mut self, key: &PacketKey) -> Result<Option<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packet_of(conn, key).await)
    }

    fn packet_by_header(&mut self, direction: Direction, header: &Digest) -> Result<Option<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packet_by_header(conn, direction, header).await)
    }

    fn packets_in(&mut self, direction: Direction, states: &[PacketState], limit: usize) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packets_in(conn, direction, states, limit).await)
    }

    fn packets_with_sources(&mut self) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packets_with_sources(conn).await)
    }

    fn packet_range(
        &mut self,
        direction: Direction,
        channel: &ChannelName,
        epoch: &Epoch,
        from: u64,
        to: u64,
    ) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packet_range(conn, direction, channel, epoch, (from, to)).await)
    }

    fn packets_older(&mut self, direction: Direction, run_ms: u64, limit: usize) -> Result<Vec<PacketRow>, StoreFault> {
        self.read(async |conn, _| reads::packets_older(conn, direction, run_ms, limit).await)
    }

    fn kept_bytes(&mut self, channel: &ChannelName, open: Option<Epoch>) -> Result<u64, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, Direction::In, channel).await? {
            Some(lane) => reads::kept_bytes(conn, lane, open).await,
            None => Ok(0),
        })
    }

    fn records(&mut self, key: &PacketKey) -> Result<Vec<RecordRow>, StoreFault> {
        self.read(async |conn, _| reads::records(conn, key).await)
    }

    fn trace(&mut self, what: &str, limit: usize) -> Result<Vec<Sighting>, StoreFault> {
        self.read(async |conn, _| reads::trace(conn, what, limit).await)
    }

    fn held_back(&mut self, what: &str, limit: usize) -> Result<Vec<HeldBack>, StoreFault> {
        self.read(async |conn, _| reads::held_back_as(conn, what, limit).await)
    }

    fn sent_again(&mut self, what: &str, limit: usize) -> Result<Vec<SentAgain>, StoreFault> {
        self.read(async |conn, _| state::sent_again(conn, what, limit).await)
    }

    fn is_done(&mut self, request: &str) -> Result<bool, StoreFault> {
        self.read(async |conn, _| state::is_done(conn, request).await)
    }

    fn sums(&mut self, direction: Direction, channel: &ChannelName) -> Result<ChannelSums, StoreFault> {
        self.read(async |conn, lanes| match lanes.find(conn, direction, channel).await? {
            Some(lane) => lanes::sums(conn, lane).await,
            None => Ok(ChannelSums::default()),
        })
    }

    fn card(&mut self, drawer: Drawer, key: &str) -> Result<Option<Card>, StoreFault> {
        self.read(async |conn, _| cards::card(conn, drawer, key).await)
    }

    fn card_places(&mut self, drawer: Drawer, terms: &[&str]) -> Result<Vec<i64>, StoreFault> {
        self.read(async |conn, _| cards::places(conn, drawer, terms).await)
    }

    fn cards_at(&mut self, drawer: Drawer, places: &[i64]) -> Result<Vec<Card>, StoreFault> {
        self.read(async |conn, _| cards::at(conn, drawer, places).await)
    }

    fn waivers(&mut self) -> Result<Vec<Waiver>, StoreFault> {
        self.read(async |conn, _| state::waivers(conn).await)
    }

    fn book(&mut self) -> Result<Vec<BookChange>, StoreFault> {
        self.read(async |conn, _| book::changes(conn).await)
    }

    fn book_decisions(&mut self) -> Result<Vec<BookDecision>, StoreFault> {
        self.read(async |conn, _| book::decisions(conn).await)
    }
}
