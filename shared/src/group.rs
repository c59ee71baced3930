//! Packets that go through the engine together, and the second thread that works beside the engine's.
//!
//! Given: packets one after the other. Gives: groups whose commits share the syncs. After a crash: what the work's owner says.
//! Never: a change of store or log on the second thread; on disk it does only what the next start does again.

use crate::error::{ConfigFault, EngineFault};
use rustix::process::setpriority_process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Most packets in one group.
const GROUP_PACKETS: usize = 64;

/// Records after which a group is full: the other side begins with the first group while the next ones are made.
const GROUP_RECORDS: u64 = 4096;

/// Plain bytes after which a group is full: with two groups in work memory stays bounded.
const GROUP_BYTES: u64 = 8 << 20;

/// Payloads smaller than this are worked on at once; a thread would cost more.
const THREAD_BYTES: u64 = 256 << 10;

/// How far the thread of bulk work gives way, as `nice` counts.
const GIVES_WAY: i32 = 10;

/// Packets that are committed together.
pub(crate) struct Group<T> {
    pub(crate) packets: Vec<T>,
    plain_bytes: u64,
    records: u64,
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self { packets: Vec::new(), plain_bytes: 0, records: 0 }
    }
}

impl<T> Group<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Gives how many packets it has, and their plain bytes together.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.packets.len() as u64, self.plain_bytes)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.packets.len() >= GROUP_PACKETS || self.plain_bytes >= GROUP_BYTES || self.records >= GROUP_RECORDS
    }

    /// Adds a packet of so many plain bytes and records.
    pub(crate) fn push(&mut self, packet: T, plain_bytes: u64, records: usize) {
        self.plain_bytes += plain_bytes;
        self.records += records as u64;
        self.packets.push(packet);
    }
}

/// Work that the engine's thread waits for: done, running on a thread of its own, or put off until it is waited for.
pub(crate) enum Work<T> {
    Done(Box<T>),
    Running(JoinHandle<T>),
    Later(Box<dyn FnOnce() -> T + Send>),
}

impl<T: Send + 'static> Work<T> {
    /// Begins the work; on a thread called `name` where there may be one and it is worth it.
    ///
    /// # Errors
    /// [`ConfigFault::NoThread`].
    pub(crate) fn begin(
        name: &str,
        second_thread: bool,
        plain_bytes: u64,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Self, EngineFault> {
        if !second_thread || plain_bytes < THREAD_BYTES {
            return Ok(Self::Done(Box::new(work())));
        }
        Self::beside(name, work)
    }

    /// As [`begin`](Self::begin), for what may take its time: the thread gives way to the databases of the same machine, and to what is further on its way already.
    ///
    /// # Errors
    /// [`ConfigFault::NoThread`].
    pub(crate) fn begin_in_bulk(
        name: &str,
        second_thread: bool,
        plain_bytes: u64,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Self, EngineFault> {
        if !second_thread || plain_bytes < THREAD_BYTES {
            return Ok(Self::Done(Box::new(work())));
        }
        Self::beside(name, || {
            // Where the system does not let it give way, it does not.
            let _ = setpriority_process(None, GIVES_WAY);
            work()
        })
    }

    /// Begins work that touches the disk beside what the engine's thread does. Where there is no second thread it is put off until somebody
    /// waits for it: a simulation is cut off between what ran ahead and what is behind as a station may be.
    ///
    /// # Errors
    /// [`ConfigFault::NoThread`].
    pub(crate) fn begin_on_disk(
        name: &str,
        second_thread: bool,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Self, EngineFault> {
        if second_thread { Self::beside(name, work) } else { Ok(Self::Later(Box::new(work))) }
    }

    fn beside(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Result<Self, EngineFault> {
        let thread = Builder::new().name(name.to_string()).spawn(work);
        Ok(Self::Running(thread.map_err(|error| ConfigFault::NoThread { problem: error.to_string() })?))
    }

    /// Waits for the result.
    pub(crate) fn finish(self) -> T {
        match self {
            Self::Done(result) => *result,
            Self::Running(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Self::Later(work) => work(),
        }
    }

    /// Waits until nothing of it runs any more; work that was put off is not done.
    pub(crate) fn give_up(self) {
        if let Self::Running(thread) = self {
            // Whoever gives up has a fault to tell already.
            let _ = thread.join();
        }
    }
}

/// What the engine's thread and the one beside it use in turn.
pub(crate) struct Shared<T: ?Sized>(Arc<Mutex<Box<T>>>);

impl<T: ?Sized> Shared<T> {
    pub(crate) fn new(shared: Box<T>) -> Self {
        Self(Arc::new(Mutex::new(shared)))
    }

    /// Waits until the other thread does not use it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Box<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
