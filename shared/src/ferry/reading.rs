//! Reading packets from the ferry directory in whatever form they came.
//!
//! Given: an open untrusted file. Gives: the packet's bytes, armor taken off. After a crash: nothing was changed. Never: more memory than the packet
//! and one piece of its text, nor a byte beyond the length that its signed head announces and one more.

use crate::engine::Engine;
use crate::receive::pick_up::Picked;
use crate::seams::{FileFault, OpenFile};
use dukou_packets::packet::armor::{FRONT_MAX, Form, Front, Unarmor};
use dukou_packets::packet::open::{KeyBook, Refusal, VerifiedHead};

/// Bytes of text that are read at a time.
const PIECE: usize = 1 << 20;

/// Reads the front of a file and the verified head in it; the form says how long the whole file is.
pub(crate) fn head_of(open: &dyn OpenFile, keys: &dyn KeyBook) -> Result<Result<(Form, VerifiedHead), Refusal>, FileFault> {
    let mut front = vec![0; FRONT_MAX];
    let count = open.read_at(0, &mut front)?;
    front.truncate(count);
    Ok(Front::read(&front).and_then(|front| Ok((front.form, front.head(keys)?))))
}

/// Reads a packet's bytes: those that its head announces and, where there are more, one more of them.
pub(crate) fn packet_of(open: &dyn OpenFile, form: Form, expected: u64) -> Result<Result<Vec<u8>, Refusal>, FileFault> {
    // One byte more than expected tells a file that grew meanwhile.
    let Form::Armored(_) = form else {
        let mut bytes = vec![0; expected as usize + 1];
        let count = open.read_at(0, &mut bytes)?;
        bytes.truncate(count);
        return Ok(Ok(bytes));
    };
    let (len, mut at) = (form.file_len(expected), 0);
    let (mut unarmor, mut packet) = (Unarmor::new(), Vec::with_capacity(expected as usize));
    while at <= len {
        let mut piece = vec![0; PIECE.min((len + 1 - at) as usize)];
        let count = open.read_at(at, &mut piece)?;
        piece.truncate(count);
        if let Err(refusal) = unarmor.feed(&piece, &mut packet) {
            return Ok(Err(refusal));
        }
        if count == 0 {
            break;
        }
        at += count as u64;
    }
    Ok(match at > len {
        true => Err(Refusal::Length),
        false => unarmor.finish().map(|()| packet),
    })
}

impl Engine {
    /// Reads a picked packet's bytes once more, whatever its form: head and payload, and one byte more where the file grew.
    ///
    /// # Errors
    /// What the file system says; the inner one is what is wrong with the armor.
    pub(crate) fn read_picked(&self, picked: &Picked) -> Result<Result<Vec<u8>, Refusal>, FileFault> {
        let open = self.seams.files.ferry_dir(&picked.dir)?.open(&picked.name)?;
        packet_of(open.as_ref(), picked.form, picked.head.expected_len())
    }
}
