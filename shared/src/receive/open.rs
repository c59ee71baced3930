//! Opening: decrypt, decompress, decode, and compare with the signed root; on a second thread where there is one.
//!
//! Given: a verified packet in its turn. Gives: its records. After a crash: nothing of it was on disk; the packet is opened again. Never: a byte
//! that no known key signed.

use super::pick_up::PickedFrom;
use super::verify::Verified;
use crate::store::PacketRow;
use dukou_packets::packet::open::{Refusal, VerifiedHead, decode_records, open_payload};
use dukou_packets::packet::records::Records;
use dukou_packets::suite::Unwrapper;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Most packets in one group: their commits share the syncs.
const GROUP_PACKETS: usize = 64;

/// Plain bytes after which a group is full: with two groups in work memory stays bounded.
const GROUP_BYTES: u64 = 8 << 20;

/// Payloads smaller than this are opened at once; a thread would cost more.
const THREAD_BYTES: u64 = 256 << 10;

/// Packets in their turn that are applied together.
#[derive(Default)]
pub(crate) struct ReadyGroup {
    pub(crate) packets: Vec<Opening>,
    plain_bytes: u64,
}

impl ReadyGroup {
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.packets.len() >= GROUP_PACKETS || self.plain_bytes >= GROUP_BYTES
    }

    pub(crate) fn push(&mut self, opening: Opening) {
        self.plain_bytes += opening.verified.row.plain_bytes;
        self.packets.push(opening);
    }
}

/// A packet that is being opened.
pub(crate) struct Opening {
    /// The packet without its payload.
    pub(crate) verified: Verified,
    work: Work,
}

/// A packet with its records.
pub(crate) struct Opened {
    pub(crate) row: PacketRow,
    pub(crate) picked: Option<PickedFrom>,
    pub(crate) records: Records,
}

/// A packet that could not be opened: a fault of its sender.
pub(crate) struct Unopened {
    pub(crate) row: PacketRow,
    pub(crate) picked: Option<PickedFrom>,
    pub(crate) refusal: Refusal,
}

enum Work {
    Done(Box<Result<Records, Refusal>>),
    Running(JoinHandle<Result<Records, Refusal>>),
}

impl Opening {
    /// Begins to open a packet.
    pub(crate) fn begin(mut verified: Verified, key: &Arc<dyn Unwrapper>, second_thread: bool) -> Self {
        let (head, payload, key) = (verified.head.clone(), std::mem::take(&mut verified.payload), key.clone());
        let open = move || open(&head, payload, key.as_ref());
        let work = match second_thread && verified.row.plain_bytes >= THREAD_BYTES {
            true => Work::Running(std::thread::spawn(open)),
            false => Work::Done(Box::new(open())),
        };
        Self { verified, work }
    }

    /// Waits for the records.
    ///
    /// # Errors
    /// The code of the step that failed, with the packet's row: a fault of the sender.
    pub(crate) fn finish(self) -> Result<Opened, Box<Unopened>> {
        let records = match self.work {
            Work::Done(records) => *records,
            Work::Running(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        };
        let Verified { row, picked, .. } = self.verified;
        match records {
            Ok(records) => Ok(Opened { row, picked, records }),
            Err(refusal) => Err(Box::new(Unopened { row, picked, refusal })),
        }
    }
}

fn open(head: &VerifiedHead, payload: Vec<u8>, key: &dyn Unwrapper) -> Result<Records, Refusal> {
    decode_records(head, open_payload(head, payload, &[key])?)
}
