//! Faults of whole stations: started twice, stopped, upgraded, without a key, restored from a copy.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use data_encoding::BASE64;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::stations::audit::{count, lines_of, verify};
use crate::stations::daemon::Daemon;
use crate::stations::pair::{LOGS, MESSAGES, Pair};
use crate::stations::station::Station;
use crate::stations::tree::{digests, names};
use crate::stations::wait::until;

use super::traffic::{Traffic, carry_both, converge, pair};
use super::{LeftOut, Scenario, Trial, checks, real};

pub(super) const SCENARIOS: &[Scenario] = &[
    real(22, "started-twice", "run and pass beside a running station", started_twice),
    real(28, "sigterm", "SIGTERM at drawn moments under load", sigterm),
    real(28, "sigstop", "SIGSTOP for a while, then SIGCONT", sigstop),
    real(28, "sigkill", "kill −9 at drawn moments under load", sigkill),
    real(29, "old-packets", "the frozen packets of packets/vectors before a station of today", old_packets),
    real(30, "key-gone", "each private key and the peer's card moved away for a while", key_gone),
    real(31, "receiver-restored", "the receiver's whole directory copied back from before", receiver_restored),
    real(31, "sender-restored", "the sender's whole directory copied back from before", sender_restored),
];

const LIMIT: Duration = Duration::from_secs(90);

fn started_twice(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair().quick(), Traffic::default());
    let daemons = [&pair.outer, &pair.inner].map(Daemon::running);
    for station in [&pair.outer, &pair.inner] {
        for (verb, code) in [("run", 2), ("pass", 75)] {
            let answer = station.expect(code, &[verb]);
            assert!(answer.err.contains("已有一个摆渡进程"), "{answer:?}");
            trial.fired(1);
        }
    }
    traffic.drop(&pair, 4);
    all_arrive(&pair, &traffic);
    checks::ended(trial, &pair, &traffic, daemons);
    Ok(())
}

/// Carries until everything has arrived at the inner station.
#[track_caller]
fn all_arrive(pair: &Pair, traffic: &Traffic) {
    until("everything has arrived", LIMIT, || {
        carry_both(pair);
        pair.arrived(MESSAGES).len() == traffic.on(MESSAGES).len() && pair.arrived(LOGS).len() == traffic.on(LOGS).len()
    });
}

/// Runs both daemons under load, does something to one of them, and starts it again where it ended.
fn under_load(trial: &mut Trial, rounds: usize, mut befall: impl FnMut(&mut Trial, Daemon, &Station) -> Daemon) {
    let (pair, mut traffic) = (pair().quick(), Traffic::default());
    let mut daemons = vec![Daemon::running(&pair.outer), Daemon::running(&pair.inner)];
    for round in 0..rounds {
        traffic.drop(&pair, 6);
        thread::sleep(Duration::from_millis(trial.dice.between(0, 700)));
        carry_both(&pair);
        let station = [&pair.outer, &pair.inner][round % 2];
        let daemon = daemons.remove(0);
        let daemon = befall(trial, daemon, station);
        // The other one is the first now.
        daemons.push(daemon);
        trial.fired(1);
    }
    all_arrive(&pair, &traffic);
    for daemon in daemons {
        checks::bounded(trial, daemon.id());
        daemon.stop_cleanly();
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
}

fn sigterm(trial: &mut Trial) -> Result<(), LeftOut> {
    under_load(trial, trial.pace.pick(4, 30), |_, daemon, station| {
        daemon.stop_cleanly();
        Daemon::start(station)
    });
    Ok(())
}

fn sigkill(trial: &mut Trial) -> Result<(), LeftOut> {
    under_load(trial, trial.pace.pick(6, 60), |_, daemon, station| {
        daemon.kill();
        Daemon::start(station)
    });
    Ok(())
}

fn sigstop(trial: &mut Trial) -> Result<(), LeftOut> {
    let pause = trial.pace.pick(Duration::from_secs(2), Duration::from_secs(60));
    under_load(trial, 2, |trial, daemon, _| {
        let process = Pid::from_raw(daemon.id().cast_signed()).unwrap();
        kill_process(process, Signal::STOP).unwrap();
        thread::sleep(pause);
        kill_process(process, Signal::CONT).unwrap();
        trial.note(format!("stopped for {} s", pause.as_secs()));
        daemon
    });
    Ok(())
}

/// Every frozen packet is set aside or waits for its key; none is applied, none is gone, and honest traffic flows on.
fn old_packets(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("packets/vectors/packets");
    let mut laid = 0;
    for name in names(&vectors) {
        let case: Value = serde_json::from_slice(&fs::read(vectors.join(&name)).unwrap()).unwrap();
        let packet = BASE64.decode(case["packet"].as_str().unwrap().as_bytes()).unwrap();
        // Whoever made an empty file wrote nothing that could be lost.
        if !packet.is_empty() {
            fs::write(pair.inner.path(format!("ferry/in/3-aaaa-{laid:016}.dkp")), packet).unwrap();
            laid += 1;
        }
    }
    traffic.drop(&pair, 6);
    pair.outer.pass(0);
    carry_both(&pair);
    for _ in 0..5 {
        pair.inner.ask(&["pass"]);
    }
    let kept = ["quarantine", "waiting"].map(|dir| pair.inner.aside_codes(dir).len());
    trial.fired(laid);
    trial.note(format!(
        "{laid} packets: {} set aside, {} wait for a key; there is no older release yet to send live",
        kept[0], kept[1]
    ));
    // Equal bytes are kept once.
    let left = names(&pair.inner.path("ferry/in")).len();
    assert!(left == 0 && kept.iter().sum::<usize>() > 0, "{left} left, {kept:?}");
    assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), traffic.on(MESSAGES));
    checks::evidence(trial, &pair);
    trial.checked(&[1, 2]);
    Ok(())
}

fn key_gone(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    for key in names(&pair.outer.path("keys")) {
        traffic.drop(&pair, 1);
        for station in [&pair.outer, &pair.inner] {
            // The peer's card is named after the peer.
            let Ok(()) = fs::rename(station.path("keys").join(&key), station.path("key-away")) else { continue };
            let code = station.ask(&["pass"]).code;
            assert!([0, 1, 2].contains(&code), "{key}: {code}");
            trial.fired(u64::from(code != 0));
            fs::rename(station.path("key-away"), station.path("keys").join(&key)).unwrap();
            station.ask(&["pass"]);
            carry_both(&pair);
        }
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    trial.note("rotation comes with key rotation");
    Ok(())
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// The receiver loses its memory of some packets: whoever resends them brings them back, equal names with equal bytes.
fn receiver_restored(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    traffic.drop_messages(&pair, 4);
    converge(&pair);
    let backup = pair.dir.path().join("backup");
    copy(&pair.inner.dir, &backup);
    traffic.drop_messages(&pair, 4);
    converge(&pair);
    copy(&backup, &pair.inner.dir);
    trial.fired(1);
    traffic.drop_messages(&pair, 4);
    converge(&pair);
    assert_eq!(digests(&pair.inner.path("arrived").join(MESSAGES)), traffic.on(MESSAGES));
    assert_eq!(verify(&pair.inner).code, 0, "{}", verify(&pair.inner).all());
    trial.checked(&[1, 2]);
    let outer = verify(&pair.outer).code;
    trial.note(format!("brought back by resends; the sender's log, which knew the lost log head, verifies with {outer}"));
    Ok(())
}

/// The sender uses numbers once more: the receiver notices, holds those channels alone, and loses nothing that it had.
fn sender_restored(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    traffic.drop(&pair, 4);
    converge(&pair);
    let backup = pair.dir.path().join("backup");
    copy(&pair.outer.dir, &backup);
    traffic.drop(&pair, 4);
    converge(&pair);
    let before = digests(&pair.inner.path("arrived").join(MESSAGES));
    copy(&backup, &pair.outer.dir);
    trial.fired(1);
    traffic.drop(&pair, 4);
    pair.outer.ask(&["pass"]);
    carry_both(&pair);
    let answer = pair.inner.ask(&["pass"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let noticed = ["equivocation", "restored", "hold"].map(|kind| count(&pair.inner, kind));
    assert!(noticed.iter().sum::<usize>() > 0, "nothing was noticed: {answer:?}");
    let now = digests(&pair.inner.path("arrived").join(MESSAGES));
    assert!(before.iter().all(|(name, digest)| now.get(name) == Some(digest)), "what had arrived changed");
    let seqs: Vec<u64> = lines_of(&pair.inner, "applied")
        .iter()
        .filter(|line| line["channel"] == MESSAGES)
        .map(|line| line["seq"].as_u64().unwrap_or_default())
        .collect();
    assert!(seqs.is_sorted_by(|one, next| one < next), "a number was applied twice: {seqs:?}");
    trial.checked(&[2, 3]);
    trial.note(format!(
        "noticed: equivocation {}, restored {}, hold {}; going on is a person's decision",
        noticed[0], noticed[1], noticed[2]
    ));
    Ok(())
}
