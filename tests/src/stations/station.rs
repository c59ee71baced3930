//! One real station: its program, its directory, and its answers.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::programs::program;

/// An installed station.
#[derive(Clone, Debug)]
pub struct Station {
    /// `dukou-outer` or `dukou-inner`.
    pub program: PathBuf,
    /// The station's directory.
    pub dir: PathBuf,
    /// The account the program runs under; `None` for the test's own.
    pub account: Option<u32>,
}

/// What a command came to.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Exit code; a signal counts as its negative number.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// Takes a finished command's output apart.
    ///
    /// # Panics
    /// Panics when the program panicked.
    #[track_caller]
    pub fn of(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("programs print UTF-8");
        let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0));
        let answer = Self { code, out: text(output.stdout), err: text(output.stderr) };
        for word in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
            assert!(!answer.out.contains(word) && !answer.err.contains(word), "a program panicked: {answer:?}");
        }
        answer
    }

    /// Gives both outputs, for looking something up.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Station {
    /// Makes a station in a new directory.
    ///
    /// # Panics
    /// Panics when `init` fails.
    #[track_caller]
    pub fn init(name: &str, dir: &Path, options: &[&str]) -> Self {
        Self::init_shown(name, dir, options).0
    }

    /// Makes a station in a new directory and gives what was shown of it, the recovery key among it.
    ///
    /// # Panics
    /// Panics when `init` fails.
    #[track_caller]
    pub fn init_shown(name: &str, dir: &Path, options: &[&str]) -> (Self, String) {
        let station = Self { program: program(name), dir: dir.to_path_buf(), account: None };
        let mut command = Command::new(&station.program);
        command.arg("init").arg(dir).args(options);
        let answer = finish(command);
        assert_eq!(answer.code, 0, "init: {answer:?}");
        (station, answer.out)
    }

    /// Sets lines of a section of `station.toml`, which is made where there is none; a setting that stands there already is replaced.
    ///
    /// # Panics
    /// Panics when the file cannot be read or written.
    #[track_caller]
    pub fn set(&self, section: &str, lines: &str) {
        let settings: Vec<&str> = lines.lines().filter_map(|line| line.split(" = ").next()).collect();
        let head = format!("[{section}]");
        let mut within = false;
        let mut text = String::new();
        for line in self.read("station.toml").lines() {
            within = if line.starts_with('[') { line.starts_with(&head) } else { within };
            if within && settings.iter().any(|setting| line.starts_with(&format!("{setting} ="))) {
                continue;
            }
            text += &format!("{line}\n");
            if line.starts_with(&head) {
                text += &format!("{lines}\n");
            }
        }
        if !text.lines().any(|line| line.starts_with(&head)) {
            text += &format!("\n{head}\n{lines}\n");
        }
        std::fs::write(self.path("station.toml"), text).expect("a station's own file");
    }

    /// Gives a command of this station, ready to run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).arg("--station").arg(&self.dir);
        if let Some(account) = self.account {
            command.uid(account).gid(account);
        }
        command
    }

    /// Runs a command and gives its answer.
    #[track_caller]
    pub fn ask(&self, args: &[&str]) -> Answer {
        finish(self.command(args))
    }

    /// Runs a command that must leave with `code`.
    ///
    /// # Panics
    /// Panics when it leaves with another.
    #[track_caller]
    pub fn expect(&self, code: i32, args: &[&str]) -> Answer {
        let answer = self.ask(args);
        assert_eq!(answer.code, code, "{} {args:?}: {answer:?}", self.program.display());
        answer
    }

    /// Runs a command with `--json` that must leave with `code`, and reads what it prints.
    ///
    /// # Panics
    /// Panics when it leaves with another code or prints no JSON.
    #[track_caller]
    pub fn json(&self, code: i32, args: &[&str]) -> Value {
        let answer = self.expect(code, &[args, &["--json"]].concat());
        serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{args:?}: {error}: {answer:?}"))
    }

    /// Runs one pass that must leave with `code`.
    #[track_caller]
    pub fn pass(&self, code: i32) -> Answer {
        self.expect(code, &["pass"])
    }

    /// Gives a path inside the station's directory.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.dir.join(inside)
    }

    /// Reads a text file of the station.
    #[track_caller]
    pub fn read(&self, inside: impl AsRef<Path>) -> String {
        let path = self.path(inside);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Replaces a text that must stand in a file of the station exactly once.
    ///
    /// # Panics
    /// Panics when it does not.
    #[track_caller]
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {file}: {text}");
        fs::write(self.path(file), text.replace(from, to)).unwrap();
    }

    /// Counts the lines of the packet log.
    #[track_caller]
    pub fn log_lines(&self) -> usize {
        let segments = super::tree::names(&self.path("log")).into_iter().filter(|name| name.ends_with(".jsonl"));
        segments.map(|name| self.read(std::path::Path::new("log").join(name)).lines().count()).sum()
    }

    /// Gives how a channel stands, as `status --json` tells it.
    #[track_caller]
    pub fn channel(&self, name: &str) -> Value {
        let answer = self.ask(&["status", "--json"]);
        let status: Value = serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
        let found = status["channels"].as_array().and_then(|lines| lines.iter().find(|line| line["channel"] == name).cloned());
        found.unwrap_or_else(|| panic!("no channel {name}: {status}"))
    }

    /// Gives the codes of the reason files in `quarantine/` or `waiting/`, sorted.
    ///
    /// # Panics
    /// Panics when a file there lacks a reason, or a reason its file.
    #[track_caller]
    pub fn aside_codes(&self, dir: &str) -> Vec<String> {
        let names = super::tree::names(&self.path(dir));
        let mut codes = Vec::new();
        for name in names.iter().filter(|name| !name.contains(".reason.")) {
            let reason: Value = serde_json::from_str(&self.read(format!("{dir}/{name}.reason.json"))).unwrap();
            assert!(self.read(format!("{dir}/{name}.reason.txt")).starts_with('\u{feff}'), "{name}");
            codes.push(reason["code"].as_str().unwrap_or_default().to_owned());
        }
        assert_eq!(names.len(), 3 * codes.len(), "{names:?}");
        codes.sort();
        codes
    }
}

/// Runs a command in a known environment and takes its answer.
#[track_caller]
fn finish(mut command: Command) -> Answer {
    for name in ["DUKOU_STATION", "DUKOU_JOURNAL", "SUDO_USER"] {
        command.env_remove(name);
    }
    let output = command.env("USER", "tester").stdin(Stdio::null()).output();
    Answer::of(output.unwrap_or_else(|error| panic!("{command:?}: {error}")))
}
