//! Opening: decrypt, decompress, decode, and compare with the signed root; on a second thread where there is one. Rows are read there, too.
//!
//! Given: a verified packet in its turn. Gives: its records. After a crash: nothing of it was on disk; the packet is opened again. Never: a byte
//! that no known key signed.

use super::pick_up::PickedFrom;
use super::rows::Carried;
use super::verify::Verified;
use crate::connectors::tables::Look;
use crate::error::EngineFault;
use crate::group::Work;
use crate::registration::kept::Learnt;
use crate::store::PacketRow;
use dukou_packets::packet::open::{Refusal, VerifiedHead, decode_records, open_payload};
use dukou_packets::packet::records::Records;
use dukou_packets::suite::Unwrapper;
use std::sync::Arc;

/// Plain bytes up to which rows are read before their packet is in its turn: they take as much again.
const ROWS_BYTES: u64 = 8 << 20;

/// A packet that is being opened.
pub(crate) struct Opening {
    /// The packet without its payload.
    pub(crate) verified: Verified,
    work: Work<Result<(Records, Option<Carried>), Refusal>>,
}

/// A packet with its records.
pub(crate) struct Opened {
    pub(crate) row: PacketRow,
    pub(crate) picked: Option<PickedFrom>,
    pub(crate) records: Records,
    /// The rows among them, where they were read already.
    pub(crate) carried: Option<Carried>,
    /// What the files among them say, by their place among the rows: known once they are staged.
    pub(crate) learnt: Vec<(usize, Learnt)>,
}

/// A packet that could not be opened: a fault of its sender.
pub(crate) struct Unopened {
    pub(crate) row: PacketRow,
    pub(crate) picked: Option<PickedFrom>,
    pub(crate) refusal: Refusal,
}

impl Opening {
    /// Begins to open a packet.
    pub(crate) fn begin(mut verified: Verified, key: &Arc<dyn Unwrapper>, second_thread: bool) -> Result<Self, EngineFault> {
        let (head, payload, key) = (verified.head.clone(), std::mem::take(&mut verified.payload), key.clone());
        let open = move || open(&head, payload, key.as_ref()).map(|records| (records, None));
        let work = Work::begin("dukou-open", second_thread, verified.row.plain_bytes, open)?;
        Ok(Self { verified, work })
    }

    /// Begins to open a packet of a channel of tables, and to read its rows.
    pub(crate) fn begin_rows(
        mut verified: Verified,
        key: &Arc<dyn Unwrapper>,
        second_thread: bool,
        look: Option<Look>,
    ) -> Result<Self, EngineFault> {
        if verified.row.plain_bytes > ROWS_BYTES {
            return Self::begin(verified, key, second_thread);
        }
        let (head, payload, key) = (verified.head.clone(), std::mem::take(&mut verified.payload), key.clone());
        let row = verified.row.clone();
        let open = move || {
            let records = open(&head, payload, key.as_ref())?;
            let carried = Carried::by(&row, &records, look.as_ref());
            Ok((records, Some(carried)))
        };
        let work = Work::begin("dukou-open", second_thread, verified.row.plain_bytes, open)?;
        Ok(Self { verified, work })
    }

    /// Waits for the records.
    ///
    /// # Errors
    /// The code of the step that failed, with the packet's row: a fault of the sender.
    pub(crate) fn finish(self) -> Result<Opened, Box<Unopened>> {
        let Verified { row, picked, .. } = self.verified;
        match self.work.finish() {
            Ok((records, carried)) => Ok(Opened { row, picked, records, carried, learnt: Vec::new() }),
            Err(refusal) => Err(Box::new(Unopened { row, picked, refusal })),
        }
    }
}

fn open(head: &VerifiedHead, payload: Vec<u8>, key: &dyn Unwrapper) -> Result<Records, Refusal> {
    decode_records(head, open_payload(head, payload, &[key])?)
}
