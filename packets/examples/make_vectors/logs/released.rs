//! Cases of a peer that went on from an older copy, and that a person released: packets of both copies may come.

use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::LogHead;
use dukou_packets::suite::sha256;

use super::{Bench, channel, outer_log, restored, station, write};

/// A head of the peer's log, and which of several logs it is of.
type Head = (u64, u64, u8);

fn head((number, size, log): Head) -> Event {
    Event::Signal {
        peer: station(Side::Inner),
        number,
        header: sha256(&[b"late signal", &number.to_le_bytes(), &[log]]),
        size,
        peer_root: sha256(&[b"late peer", &size.to_le_bytes(), &[log]]),
        echo_size: LogHead::NONE.size,
        echo_root: LogHead::NONE.root,
    }
}

fn released(code: &str) -> Event {
    Event::Released { channel: channel("files"), code: code.to_owned(), operator: "li".to_owned() }
}

pub(super) fn cases(bench: &mut Bench) {
    let peer = restored(Side::Inner);
    let once = [peer.clone(), released("restored")];
    let twice = [&once[..], &once[..]].concat();
    // In the order of the numbers: the copy, a late packet of the original with a longer log, the copy again.
    let late = [(41, 40, 1), (45, 90, 0), (42, 41, 1), (60, 45, 1)];
    let three = [(41, 40, 1), (45, 90, 0), (50, 60, 2), (60, 45, 1)];
    let roots = [(41, 45, 1), (42, 45, 0), (43, 45, 1)];
    let three_roots = [(41, 45, 1), (42, 45, 0), (43, 45, 2)];
    let both = [released("restored"), released("restored")];
    let channels = [&[peer.clone()][..], &both[..]].concat();
    let mut case = |verdict, code, about: &str, before: &[Event], heads: &[Head]| {
        let mut log = outer_log();
        let lines: Vec<Event> = before.iter().cloned().chain(heads.iter().copied().map(head)).collect();
        log.segments[2].events.splice(0..0, lines);
        let files = write(&log, "log").files();
        bench.push(verdict, code, format!("outer log: the peer was restored {about}"), files);
    };
    case("PASS", "", "and released, and a packet of the older copy comes late", &once, &late);
    case("FAIL", "peer-falls", "and nobody released it: its log falls", std::slice::from_ref(&peer), &late);
    case("FAIL", "peer-falls", "and something else was released: its log falls", &[peer.clone(), released("chain")], &late);
    case("FAIL", "peer-falls", "and released, and there is a third log", &once, &three);
    case("FAIL", "peer-falls", "and released channel by channel, which is one decision", &channels, &three);
    case("PASS", "", "and released, and both logs are named at one size", &once, &roots);
    case("FAIL", "peer-two-roots", "and released, and three logs are named at one size", &once, &three_roots);
    case("PASS", "", "and released twice, and packets of all three copies come", &twice, &three);
    let undecided = [&once[..], &[peer][..]].concat();
    case("FAIL", "peer-falls", "twice and released once, and there is a third log", &undecided, &three);
}
