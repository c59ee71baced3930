//! What a scenario sends through a pair of real stations, and what carries it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dukou_packets::suite::sha256;

use crate::stations::message;
use crate::stations::pair::{LOGS, MESSAGES, Pair, RESPONSES};
use crate::stations::station::Station;
use crate::stations::tree::{names, write_old};

/// Rounds within which everything must have converged once faults have stopped.
const ROUNDS: usize = 14;

/// Everything dropped so far that should arrive, by channel: path and digest.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    sent: BTreeMap<&'static str, BTreeMap<String, String>>,
    count: usize,
}

impl Traffic {
    /// Drops so many new messages, with some logs and answers beside them.
    pub(super) fn drop(&mut self, pair: &Pair, messages: usize) {
        for _ in 0..messages {
            self.count += 1;
            let n = self.count;
            let below = ["", "BizMsg/", "济南市/历下区/"][n % 3];
            self.lay(&pair.outer, MESSAGES, &format!("{below}{}", message::name(n)), &message::body(n));
            if n.is_multiple_of(3) {
                self.lay(&pair.outer, LOGS, &format!("LogBiz150721-{n:08}.xml"), &message::body(n));
            }
            if n.is_multiple_of(4) {
                self.lay(&pair.inner, RESPONSES, &format!("RepMsg/Rep{n:08}.xml"), &message::body(n));
            }
        }
    }

    /// Drops so many new messages and nothing else.
    pub(super) fn drop_messages(&mut self, pair: &Pair, messages: usize) {
        for _ in 0..messages {
            self.count += 1;
            self.lay(&pair.outer, MESSAGES, &message::name(self.count), &message::body(self.count));
        }
    }

    /// Drops one file that should arrive.
    pub(super) fn lay(&mut self, station: &Station, channel: &'static str, name: &str, bytes: &[u8]) {
        write_old(&station.path("drop").join(channel).join(name), bytes);
        self.sent.entry(channel).or_default().insert(name.to_owned(), sha256(&[bytes]).to_string());
    }

    /// What should have arrived on a channel.
    pub(super) fn on(&self, channel: &str) -> BTreeMap<String, String> {
        self.sent.get(channel).cloned().unwrap_or_default()
    }

    /// How many files should arrive in all.
    pub(super) fn files(&self) -> usize {
        self.sent.values().map(BTreeMap::len).sum()
    }
}

/// A pair with one file a packet, so that faults find many packets.
pub(super) fn pair() -> Pair {
    Pair::one_file_a_packet()
}

/// Moves every file from one ferry directory to the other, as a device without faults; gives how many.
pub(super) fn carry(from: &Path, to: &Path) -> usize {
    let visible: Vec<String> = names(from).into_iter().filter(|name| !name.starts_with('.')).collect();
    let mut moved = 0;
    for name in visible {
        // A signal is taken back by its sender when a newer one is there.
        let Ok(bytes) = fs::read(from.join(&name)) else { continue };
        let hidden = to.join(".carried");
        fs::write(&hidden, bytes).unwrap();
        fs::rename(hidden, to.join(&name)).unwrap();
        let _ = fs::remove_file(from.join(&name));
        moved += 1;
    }
    moved
}

/// Carries both ways.
pub(super) fn carry_both(pair: &Pair) -> usize {
    carry(&pair.outer.path("ferry/out"), &pair.inner.path("ferry/in"))
        + carry(&pair.inner.path("ferry/out"), &pair.outer.path("ferry/in"))
}

/// The gaps that a station names: channel, first and last number.
pub(super) fn gaps(station: &Station) -> Vec<(String, u64, u64)> {
    let answer = station.ask(&["gaps", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let gap = |gap: &serde_json::Value| {
        (gap["channel"].as_str().unwrap_or_default().to_owned(), gap["from"].as_u64().unwrap(), gap["to"].as_u64().unwrap())
    };
    found.as_array().unwrap().iter().map(gap).collect()
}

/// Lets a person resend at `sender` what `receiver` names as missing; gives how many ranges that were.
pub(super) fn resend(sender: &Station, receiver: &Station) -> usize {
    let gaps = gaps(receiver);
    for (channel, from, to) in &gaps {
        sender.expect(0, &["resend", channel, "--seq", &format!("{from}..{to}")]);
    }
    gaps.len()
}

/// Passes and carries in fair weather, with resends of what is named as missing, until nothing moves.
///
/// # Panics
/// Panics when it does not come to rest.
#[track_caller]
pub(super) fn converge(pair: &Pair) {
    let mut last = Vec::new();
    for _ in 0..ROUNDS {
        let outer = pair.outer.ask(&["pass"]);
        let mut moved = carry_both(pair);
        let inner = pair.inner.ask(&["pass"]);
        moved += carry_both(pair) + resend(&pair.outer, &pair.inner) + resend(&pair.inner, &pair.outer);
        if (moved, outer.code, inner.code) == (0, 0, 0) {
            return;
        }
        last = vec![outer, inner];
    }
    panic!("no rest within {ROUNDS} rounds: {last:?}");
}
