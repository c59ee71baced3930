//! Small files that would be large cost no more memory than the limits allow.
//!
//! A binary of its own: the peak memory of a process is measured, so nothing else may run in it.
#![cfg(target_os = "linux")]

#[path = "suite/receive.rs"]
mod receive;

use receive::{base64, list, receive, text};

/// A payload, its plain, and what zstd and the decoders need beside them.
const ALLOWED: u64 = (33 + 32 + 32) << 20;

/// The peak memory of this process in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux tells the peak");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
    kib << 10
}

#[test]
fn bombs_and_huge_declared_lengths_are_refused_within_bounded_memory() {
    let cases = list("packets");
    let before = peak();
    let mut refused = 0;
    for (path, case) in &cases {
        let expect = text(case, "expect");
        if !["decompress", "header", "header-length", "records", "count"].contains(&expect) {
            continue;
        }
        assert!(base64(case, "packet").len() < 1 << 20, "{} is small", path.display());
        let code = receive(case).map(|opened| (opened.plain.len(), opened.records)).map_err(|refusal| refusal.code());
        assert_eq!(code, Err(expect), "{}", path.display());
        refused += 1;
    }
    let grown = peak() - before;
    assert!(refused > 50 && grown < ALLOWED, "{refused} refused, {grown} bytes");
}
