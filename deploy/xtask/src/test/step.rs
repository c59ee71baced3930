//! One step: run a program, show what it prints, time it, and count.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::tally::Tally;
use crate::workspace;

/// What came of a step.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) tally: Tally,
    pub(crate) time: Duration,
    pub(crate) note: String,
}

impl Outcome {
    /// Gives the one word of the summary.
    pub(crate) fn word(&self) -> &'static str {
        match (self.tally.failed, self.tally.passed) {
            (0, 0) => "skipped",
            (0, _) => "ok",
            _ => "FAILED",
        }
    }
}

/// Notes a step that is not done.
pub(crate) fn skipped(name: &'static str, note: &str) -> Outcome {
    Outcome { name, tally: Tally { skipped: 1, ..Tally::default() }, time: Duration::ZERO, note: note.to_owned() }
}

/// Does a check of our own; it passes with a note or fails with a reason.
pub(crate) fn check(name: &'static str, work: impl FnOnce() -> Result<String>) -> Outcome {
    println!("\n== {name}");
    let begun = Instant::now();
    let (tally, note) = match work() {
        Ok(note) => (Tally { passed: 1, ..Tally::default() }, note),
        Err(error) => {
            println!("{error:#}");
            let first = format!("{error:#}").lines().next().unwrap_or_default().to_owned();
            (Tally { failed: 1, ..Tally::default() }, first)
        }
    };
    Outcome { name, tally, time: begun.elapsed(), note }
}

/// Tells whether a program is there and says yes; prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

type Count = fn(&str) -> Option<Tally>;

/// A program that makes up a step.
pub(crate) struct Step {
    name: &'static str,
    command: Command,
    count: Option<Count>,
}

impl Step {
    /// Makes a step of a command.
    pub(crate) fn of(name: &'static str, command: Command) -> Self {
        Step { name, command, count: None }
    }

    /// Makes a step of a cargo command.
    pub(crate) fn cargo(name: &'static str, arguments: &[&str]) -> Self {
        let mut command = workspace::cargo();
        command.args(arguments).env("CARGO_TERM_COLOR", "never").env_remove("CARGO_TERM_PROGRESS_WHEN");
        Step::of(name, command)
    }

    /// Sets an environment variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Counts tests in what the program prints; without it the step itself counts as one.
    pub(crate) fn counted(mut self, count: Count) -> Self {
        self.count = Some(count);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Outcome {
        let Step { name, mut command, count } = self;
        println!("\n== {name}");
        let begun = Instant::now();
        let (status, text) = match shown_and_kept(&mut command) {
            Ok(ended) => ended,
            Err(error) => {
                let note = format!("{}: {error}", command.get_program().display());
                return Outcome { name, tally: Tally { failed: 1, ..Tally::default() }, time: begun.elapsed(), note };
            }
        };
        let tally = verdict(status.success(), count.map(|count| count(&text)));
        let note = if status.success() { String::new() } else { status.to_string() };
        Outcome { name, tally, time: begun.elapsed(), note }
    }
}

/// Joins the exit status with what was counted: a failed program is a failure even where no test failed.
fn verdict(success: bool, counted: Option<Option<Tally>>) -> Tally {
    let mut tally = match counted {
        Some(Some(tally)) => tally,
        // A test runner that printed no result has not tested anything.
        Some(None) => Tally { failed: 1, ..Tally::default() },
        None if success => Tally { passed: 1, ..Tally::default() },
        None => Tally { failed: 1, ..Tally::default() },
    };
    if !success && tally.failed == 0 {
        tally.failed = 1;
    }
    tally
}

fn shown_and_kept(command: &mut Command) -> io::Result<(ExitStatus, String)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let kept = Arc::new(Mutex::new(String::new()));
    let pipes: [Option<Box<dyn Read + Send>>; 2] =
        [child.stdout.take().map(|pipe| Box::new(pipe) as _), child.stderr.take().map(|pipe| Box::new(pipe) as _)];
    let readers: Vec<_> = pipes
        .into_iter()
        .flatten()
        .map(|pipe| {
            let kept = Arc::clone(&kept);
            thread::spawn(move || copy_lines(pipe, &kept))
        })
        .collect();
    let status = child.wait()?;
    for reader in readers {
        let _ = reader.join();
    }
    let text = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((status, text))
}

fn copy_lines(pipe: Box<dyn Read + Send>, kept: &Mutex<String>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line);
        kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        // Nobody may be reading any more; the step goes on all the same.
        let _ = io::stdout().write_all(text.as_bytes());
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Step {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Step::of("a step", command)
    }

    fn five_passed(text: &str) -> Option<Tally> {
        text.contains("five").then_some(Tally { passed: 5, ..Tally::default() })
    }

    #[test]
    fn a_step_without_tests_counts_as_one() {
        assert_eq!(shell("true").run().tally, Tally { passed: 1, ..Tally::default() });
        assert_eq!(shell("false").run().tally, Tally { failed: 1, ..Tally::default() });
    }

    #[test]
    fn a_runner_that_fails_after_counting_is_a_failure() {
        let outcome = shell("echo five; exit 3").counted(five_passed).run();
        assert_eq!(outcome.tally, Tally { passed: 5, failed: 1, skipped: 0 });
        assert_eq!(outcome.word(), "FAILED");
    }

    #[test]
    fn a_runner_that_counted_nothing_is_a_failure() {
        assert_eq!(shell("echo nothing").counted(five_passed).run().tally.failed, 1);
    }

    #[test]
    fn what_goes_to_either_stream_is_counted() {
        assert_eq!(shell("echo five >&2").counted(five_passed).run().tally.passed, 5);
    }

    #[test]
    fn a_program_that_is_not_there_fails_the_step() {
        let outcome = Step::of("a step", Command::new("/nonexistent/program")).run();
        assert_eq!(outcome.tally.failed, 1);
        assert!(outcome.note.contains("/nonexistent/program"), "{}", outcome.note);
    }
}
