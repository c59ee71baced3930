//! The suites over the real programs, with `cp` and `mv` for a gap device.

mod alarms;
mod canary;
mod consumer;
mod damage;
mod device;
mod examine;
mod full_disk;
mod gap_report;
mod gaps;
mod killed;
mod readme;
mod rehearsal;
mod repeats;
mod requests;
mod scale;
mod screening;
mod spoken;
mod syscalls;
mod tampered_log;
mod trace;
mod wrong_use;
