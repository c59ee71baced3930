//! The suites over the real programs, with `cp` and `mv` for a gap device.

mod burnt;
mod canary;
mod consumer;
mod damage;
mod examine;
mod full_disk;
mod gaps;
mod killed;
mod readme;
mod repeats;
mod requests;
mod scale;
mod screening;
mod spoken;
mod syscalls;
mod tampered_log;
mod trace;
mod wrong_use;
