//! Lines of links, alarms, discs and recovery: one of every kind in an honest log, and forms of them that no reader takes; waivers that contradict what
//! was applied.

use dukou_packets::keyring::Side;
use dukou_packets::log::line::{AnyValue, Event, Place};
use dukou_packets::packet::header::{Epoch, LogHead};
use dukou_packets::suite::{Digest, RunId, sha256};

use super::{Bench, Log, applied, channel, epoch, inner_log, outer_log, range, seen, station, waived, write};

fn zhang() -> String {
    "zhang".to_owned()
}

fn repeated(from: u64, to: u64, code: &str) -> Event {
    let (count, code) = (to.saturating_sub(from) + 1, code.to_owned());
    Event::Repeated { channel: channel("files"), epoch: epoch(), from, to, count, code }
}

fn replayed(from: u64, to: u64) -> Event {
    range(from, to, |channel, epoch, from, to| Event::Replayed { channel, epoch, from, to, count: 1, operator: zhang() })
}

fn resealed(from: u64, to: u64) -> Event {
    range(from, to, |channel, epoch, from, to| Event::Resealed { channel, epoch, from, to, count: 7, operator: zhang() })
}

fn next_epoch() -> Epoch {
    Epoch { counter: 2, salt: [0x5A; 8] }
}

fn opened(old_seq: u64, old_header: Digest, operator: &str) -> Event {
    let operator = operator.to_owned();
    Event::EpochOpened { channel: channel("messages"), epoch: next_epoch(), old_epoch: epoch(), old_seq, old_header, operator }
}

fn alarm(code: &str, subject: &str) -> [Event; 3] {
    let (code, subject) = (code.to_owned(), subject.to_owned());
    [
        Event::Alarm { code: code.clone(), subject: subject.clone() },
        Event::Acknowledged { code: code.clone(), subject: subject.clone(), operator: zhang() },
        Event::AlarmClosed { code, subject },
    ]
}

fn media(is_written: bool) -> Event {
    let (disc, list) = ("D2026-0007".to_owned(), sha256(&[b"list"]));
    match is_written {
        true => Event::MediaWritten { disc, volumes: 2, packets: 40, list, operator: zhang() },
        false => Event::MediaRead { disc, volumes: 1, packets: 20, list, operator: zhang() },
    }
}

/// One line of every kind, twice where it has two forms.
fn every_kind() -> Vec<Event> {
    let restored = |side, number| Event::Restored { peer: station(side), run: RunId::from_bytes([7; 16]), number };
    let until = |text: &str| Event::Maintenance { until: text.to_owned(), operator: zhang() };
    let mut events = vec![
        repeated(1, 2, "delay"),
        repeated(2, 2, "missing"),
        replayed(1, 1),
        resealed(1, 2),
        opened(3, sha256(&[b"old"]), "zhang"),
        opened(0, Digest::ZERO, ""),
        restored(Side::Outer, 9),
        restored(Side::Inner, 1),
        until("2026-11-22T16:00:00.000Z"),
        until(""),
        media(true),
        media(false),
        Event::ClockStep { before: "2026-11-22T02:16:05.123Z".to_owned() },
    ];
    events.extend(alarm("silence", ""));
    events.extend(alarm("spool-full", "files"));
    events
}

/// All cases, behind those there were before.
pub(super) fn cases(bench: &mut Bench) {
    for log in [outer_log(), inner_log()] {
        let mut log = log;
        let plan = &mut log.segments[2];
        plan.events.extend(every_kind());
        plan.notes.push(plan.events.len());
        bench.file(("PASS", ""), "a line of every kind of links, alarms, discs and recovery", &log, |_| {});
    }
    wrong_forms(bench);
    waivers(bench);
}

fn wrong_forms(bench: &mut Bench) {
    let text = |text: &str| AnyValue::Text(text.to_owned());
    let other = |kind: &str, fields: &[(&str, AnyValue)]| Event::Unknown {
        kind: kind.to_owned(),
        fields: fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
    };
    let digest = text(&sha256(&[b"list"]).to_string());
    for (about, event) in [
        ("a repeated range that ends before it begins", repeated(2, 1, "delay")),
        ("a replayed range that ends before it begins", replayed(2, 1)),
        ("a resealed range that ends before it begins", resealed(9, 8)),
        ("an alarm whose keys are in the other order", other("alarm", &[("subject", text("")), ("code", text("silence"))])),
        ("an alarm without a subject", other("alarm", &[("code", text("silence"))])),
        ("an acknowledgement without an operator", other("acknowledged", &[("code", text("silence")), ("subject", text(""))])),
        (
            "an epoch that follows none",
            other(
                "epoch",
                &[
                    ("channel", text("files")),
                    ("epoch", text("0-00ff00ff00ff00ff")),
                    ("old_epoch", text("1-00ff00ff00ff00ff")),
                    ("old_seq", AnyValue::Number(1)),
                    ("old_header", digest.clone()),
                    ("operator", text("")),
                ],
            ),
        ),
        (
            "a disc whose list is no digest",
            other(
                "media-written",
                &[
                    ("disc", text("D1")),
                    ("volumes", AnyValue::Number(1)),
                    ("packets", AnyValue::Number(1)),
                    ("list", text("no digest")),
                    ("operator", text("zhang")),
                ],
            ),
        ),
        (
            "a disc whose volumes are a text",
            other(
                "media-read",
                &[
                    ("disc", text("D1")),
                    ("volumes", text("1")),
                    ("packets", AnyValue::Number(1)),
                    ("list", digest.clone()),
                    ("operator", text("zhang")),
                ],
            ),
        ),
        ("a clock step with a key more", other("clock-step", &[("before", text("")), ("after", text(""))])),
    ] {
        let log = outer_log();
        bench.rewritten("line-shape", about, &log, false, |log: &mut Log| log.segments[2].events.push(event.clone()));
    }
}

fn waivers(bench: &mut Bench) {
    let mut case = |about: &str, edit: &dyn Fn(&mut Vec<Event>)| {
        let mut log = inner_log();
        edit(&mut log.segments[2].events);
        let files = write(&log, "log").files();
        bench.push("FAIL", "applied-waived", format!("inner log: {about}"), files);
    };
    case("a waived packet is applied in its turn", &|events| {
        events.truncate(4);
        events.extend([seen(4, Place::Next, LogHead::NONE), applied(4), seen(5, Place::Next, LogHead::NONE), applied(5)]);
    });
    case("an applied packet is waived", &|events| events.push(waived(6, 6)));
    case("a packet that was applied long ago is waived with others", &|events| events.push(waived(3, 5)));
}
