//! Too many files, too few hints, a receiver that is too slow.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::stations::audit::lines_of;
use crate::stations::daemon::Daemon;
use crate::stations::injection::{missing, strace};
use crate::stations::message;
use crate::stations::pair::{MESSAGES, Pair};
use crate::stations::tree::names;
use crate::stations::wait::until;

use crate::simulated::SimStation;
use crate::simulated::slow::{self, Queue, pass_minutes, pour, told};

use super::gap::arrived;
use super::traffic::{Traffic, carry, carry_both, converge, pair};
use super::{LeftOut, Scenario, Trial, checks, real, simulated};

pub(super) const SCENARIOS: &[Scenario] = &[
    real(24, "no-inotify", "strace error=EMFILE at inotify_init1", no_inotify),
    real(24, "inotify-overflow", "more events than the queue holds while the daemon is stopped", inotify_overflow),
    real(25, "backlog", "a backlog dropped at once", backlog),
    real(26, "slow-receiver", "the receiver passes once for every five passes of the sender", slow_receiver),
    simulated(
        26,
        "slow-receiver-alarm",
        "half of what is sent is taken in; and packets pour in faster than they are applied",
        slow_receiver_alarm,
    ),
];

const LIMIT: Duration = Duration::from_secs(90);

fn no_inotify(trial: &mut Trial) -> Result<(), LeftOut> {
    missing().map_or(Ok(()), |reason| Err(LeftOut(reason)))?;
    let (pair, mut traffic) = (pair().quick(), Traffic::default());
    let journal = File::create(pair.dir.path().join("no-inotify.journal")).unwrap();
    let mut command = strace(&pair.outer, &["run"], "inotify_init1", "inject=inotify_init1:error=EMFILE");
    let mut traced = command.stdin(Stdio::null()).stdout(journal.try_clone().unwrap()).stderr(journal).spawn().unwrap();
    for _ in 0..2 {
        traffic.drop(&pair, 3);
        until("all has left", LIMIT, || {
            carry(&pair.outer.path("ferry/out"), &pair.inner.path("ferry/in"));
            pair.outer.channel(MESSAGES)["left"] == traffic.on(MESSAGES).len()
        });
        trial.fired(1);
    }
    // The tracer passes the signal on to nobody: its child is asked itself.
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", traced.id())).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|id| id.parse().ok()).filter_map(Pid::from_raw) {
        kill_process(child, Signal::TERM).unwrap();
    }
    assert_eq!(traced.wait().unwrap().code(), Some(0));
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn inotify_overflow(trial: &mut Trial) -> Result<(), LeftOut> {
    let queue: usize =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").ok().and_then(|n| n.trim().parse().ok()).unwrap_or(16_384);
    if queue > 100_000 {
        return Err(LeftOut(format!("the queue holds {queue} events here")));
    }
    let (pair, mut traffic) = (pair().quick(), Traffic::default());
    let daemon = Daemon::running(&pair.outer);
    let process = Pid::from_raw(daemon.id().cast_signed()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    let junk = pair.outer.path("drop").join(MESSAGES).join("junk.part");
    for _ in 0..=queue / 2 {
        fs::write(&junk, b"x").unwrap();
        fs::remove_file(&junk).unwrap();
        trial.fired(2);
    }
    traffic.drop(&pair, 5);
    kill_process(process, Signal::CONT).unwrap();
    until("all has left", LIMIT, || pair.outer.channel(MESSAGES)["left"] == traffic.on(MESSAGES).len());
    checks::bounded(trial, daemon.id());
    daemon.stop_cleanly();
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn backlog(trial: &mut Trial) -> Result<(), LeftOut> {
    let files = trial.pace.pick(2_000, (trial.minutes as usize * 2_000).clamp(5_000, 1_000_000));
    let (pair, mut traffic) = (Pair::new().quick(), Traffic::default());
    for n in 0..files {
        traffic.lay(&pair.outer, MESSAGES, &format!("{:03}/{}", n / 1000, message::name(n)), &message::body(n));
    }
    let began = Instant::now();
    let daemons = [&pair.outer, &pair.inner].map(Daemon::running);
    let mut before = 0;
    // Progress: within every limit more has arrived than before it.
    while before < files {
        until("the backlog goes on", LIMIT, || {
            carry_both(&pair);
            arrived(&pair) > before
        });
        before = arrived(&pair);
    }
    trial.fired(files as u64);
    trial.note(format!("{files} files in {:.0} s", began.elapsed().as_secs_f64()));
    checks::ended(trial, &pair, &traffic, daemons);
    Ok(())
}

/// Packets pile up before the receiver, and each pass of it takes all that is there, oldest first.
fn slow_receiver(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    let mut most = 0;
    for _ in 0..trial.pace.pick(2, 20) {
        for _ in 0..5 {
            traffic.drop(&pair, 4);
            pair.outer.pass(0);
            carry(&pair.outer.path("ferry/out"), &pair.inner.path("ferry/in"));
        }
        most = most.max(names(&pair.inner.path("ferry/in")).len());
        trial.fired(1);
        pair.inner.pass(0);
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    assert!(lines_of(&pair.inner, "gap").is_empty(), "nothing was ever missing");
    trial.note(format!("up to {most} packets waited between two passes"));
    Ok(())
}

/// Both sides say that the receiver falls behind, once, and that it has caught up; nothing is lost.
fn slow_receiver_alarm(trial: &mut Trial) -> Result<(), LeftOut> {
    let alarms = |station: &SimStation, code: &str| -> Vec<bool> {
        told(station).into_iter().filter(|(_, told)| told == code).map(|(raised, _)| raised).collect()
    };
    for seed in 0..trial.pace.pick(1, 10) {
        let (mut world, mut queue) = (slow::world(trial.seed.wrapping_add(seed)), Queue::default());
        pass_minutes(&mut world, &mut queue, 60, 2, 1);
        trial.fired(1);
        assert_eq!(alarms(&world.outer, "unconfirmed"), [true], "raised once at the sender");
        pass_minutes(&mut world, &mut queue, 30, 0, usize::MAX);
        assert_eq!(alarms(&world.outer, "unconfirmed"), [true, false], "closed when all was taken in");
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));

        let mut world = slow::world(trial.seed.wrapping_add(seed));
        world.inner.station.config.alarm.backlog_minutes = 3;
        let count = pour(&mut world, 1500, 2);
        assert_eq!(world.inner.step().expect("a long step").packets_in, count);
        trial.fired(1);
        world.inner.hook.set(None);
        world.inner.clock.advance(60_000);
        world.inner.step().expect("a step");
        assert_eq!(alarms(&world.inner, "backlog"), [true, false], "raised once at the receiver and closed");
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}
