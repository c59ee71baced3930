//! The list of faults, with what is expected after each.

/// One fault of the list.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// 1 … 33.
    pub number: u8,
    /// What goes wrong.
    pub what: &'static str,
    /// What is expected.
    pub expected: &'static str,
}

/// The invariants that are checked after faults, I1 … I8.
pub const INVARIANTS: [&str; 8] = [
    "no accepted record is lost",
    "none is applied twice",
    "applied order equals source order in each channel",
    "both packet logs verify",
    "nothing is published without a durable `packed`, nothing applied without `seen`",
    "once faults stop everything converges, or what waits is named",
    "no tamper alarm on honest faults",
    "memory, file descriptors and disk stay bounded",
];

const fn fault(number: u8, what: &'static str, expected: &'static str) -> Fault {
    Fault { number, what, expected }
}

/// Every fault, by number.
pub const FAULTS: [Fault; 33] = [
    fault(1, "kill −9, EIO, ENOSPC at system calls", "the restart recovers"),
    fault(2, "kill at any step, and again during recovery", "the restart recovers"),
    fault(3, "power loss: unsynced data and entries gone", "no half packet accepted, head within the durable log"),
    fault(4, "torn append", "repaired tail, never below a checkpoint"),
    fault(5, "EIO on write, sync, rename", "a sync error stops the station, no retry"),
    fault(6, "ENOSPC in log, spool, ferry directory, state, each alone", "pushes back, drops nothing, resumes by itself"),
    fault(7, "no inodes, no file descriptors, no memory", "pushes back, drops nothing, resumes"),
    fault(8, "file system goes read-only", "that leg stops, then resumes"),
    fault(9, "partial copy visible, growing slowly", "not yet, then accepted"),
    fault(10, "copied out of order, twice, renamed, upper-cased, other mtime", "identity comes from the header"),
    fault(11, "device deletes the source before, after or never", "own retention, resend"),
    fault(12, "replay days later", "duplicate, no effect"),
    fault(13, "10 % and 30 % loss, bursts", "exact gap report, resend closes it"),
    fault(14, "corrupted in transit", "quarantine, gap"),
    fault(15, "poison packet: signed, but wrong", "its channel holds with its reason, others flow, no hot loop"),
    fault(16, "poison record", "refused with a reason, the stream goes on"),
    fault(17, "database gone at begin, in the middle, during COMMIT", "the applied mark decides"),
    fault(18, "deadlock, serialisation failure, lock timeout, empty pool", "bounded retry"),
    fault(19, "sink database restored to yesterday", "start refuses and says why"),
    fault(20, "schema drift", "the channel holds with the column's name"),
    fault(21, "clock one year back, ten years on, frozen", "no effect on data"),
    fault(22, "two daemons on one directory", "the second refuses"),
    fault(23, "ferry directory vanishes, is replaced by an empty one", "waits; never read as delivered"),
    fault(24, "no inotify events, or overflow", "the scan finds all"),
    fault(25, "a large backlog", "bounded memory, progress, oldest first"),
    fault(26, "receiver slower than sender", "no loss"),
    fault(27, "slow disk: sync takes seconds", "no cascade of timeouts"),
    fault(28, "SIGTERM, SIGSTOP, OOM kill", "clean stop within 5 s; resume"),
    fault(29, "old packet, new binary; unknown format", "frozen packets read as ever; unknown is set aside, not lost"),
    fault(30, "key or card missing for a while", "refuses or waits, then goes on"),
    fault(31, "receiver or sender restored from a copy of the whole machine", "noticed or healed, never silent loss"),
    fault(32, "one disc of three lost, all packets delayed six hours", "exact report"),
    fault(33, "soak: everything at random", "I1–I8; memory slope about zero"),
];
