//! What must be true at the end of the demo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use dukou_rehearsal::table::Table;
use walkdir::WalkDir;

use super::feed::{Fate, Feed};
use super::words::Language;
use crate::station::{Station, Status};

/// One channel of the demo: who sends, who receives, what was dropped.
pub(super) struct Crossing<'a> {
    pub(super) channel: &'static str,
    pub(super) from: &'a Station,
    pub(super) to: &'a Station,
    pub(super) feed: &'a Feed,
}

impl Crossing<'_> {
    /// Tells whether everything that must arrive or be refused has done so, by looking at the directories only.
    pub(super) fn has_converged(&self) -> bool {
        files_below(&self.arrived()).len() as u64 >= self.feed.count(Fate::Arrives)
            && self.refused_files().len() as u64 >= self.feed.count(Fate::Refused)
    }

    fn arrived(&self) -> PathBuf {
        self.to.path("arrived").join(self.channel)
    }

    /// Lists the refused files; the reasons beside them are not among them.
    fn refused_files(&self) -> Vec<PathBuf> {
        let directory = self.from.path("rejected").join(self.channel);
        let is_reason = |path: &PathBuf| path.to_string_lossy().contains(".reason.");
        files_below(&directory).into_iter().filter(|path| !is_reason(path)).collect()
    }

    /// Lists everything that is not as it must be.
    pub(super) fn complaints(&self, sender: &Status, receiver: &Status) -> Vec<String> {
        let mut complaints = self.about_files();
        complaints.extend(self.about_refusals());
        complaints.extend(self.about_numbers(sender, receiver));
        complaints.into_iter().map(|complaint| format!("{}: {complaint}", self.channel)).collect()
    }

    fn about_files(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let arrived = self.arrived();
        for (path, bytes) in self.feed.with(Fate::Arrives) {
            match fs::read(arrived.join(path)) {
                Ok(came) if came == bytes => {}
                Ok(came) => complaints.push(format!("{} changed: {} bytes, were {}", path.display(), came.len(), bytes.len())),
                Err(error) => complaints.push(format!("{} did not arrive: {error}", path.display())),
            }
        }
        for path in files_below(&arrived) {
            let known = self.feed.files.get(&path).is_some_and(|(_, fate)| *fate == Fate::Arrives);
            if !known {
                complaints.push(format!("{} arrived and should not have", path.display()));
            }
        }
        complaints
    }

    fn about_refusals(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let dropped = self.from.path("drop").join(self.channel);
        for (path, bytes) in self.feed.with(Fate::Stays) {
            if fs::read(dropped.join(path)).ok().as_deref() != Some(bytes) {
                complaints.push(format!("{} was to stay untouched", path.display()));
            }
        }
        let rejected = self.from.path("rejected").join(self.channel);
        let refused = self.refused_files();
        for (path, bytes) in self.feed.with(Fate::Refused) {
            let found = refused.iter().find(|refused| refused.file_name() == path.file_name());
            match found {
                None => complaints.push(format!("{} was not set aside", path.display())),
                Some(found) if fs::read(rejected.join(found)).ok().as_deref() != Some(bytes) => {
                    complaints.push(format!("{} was changed when it was refused", path.display()));
                }
                Some(found) => complaints.extend(reason_missing(&rejected.join(found))),
            }
        }
        complaints
    }

    fn about_numbers(&self, sender: &Status, receiver: &Status) -> Vec<String> {
        let (Some(out), Some(into)) = (sender.channel(self.channel), receiver.channel(self.channel)) else {
            return vec!["a station does not know the channel".to_owned()];
        };
        let arrives = self.feed.count(Fate::Arrives);
        let expected = [
            ("accepted", out.accepted, arrives),
            ("rejected", out.rejected, self.feed.count(Fate::Refused)),
            ("applied", into.applied, arrives),
        ];
        let wrong = expected.into_iter().filter(|(_, is, must)| is != must);
        let mut complaints: Vec<_> = wrong.map(|(what, is, must)| format!("{what} is {is}, must be {must}")).collect();
        for (side, state) in [("sender", &out.state), ("receiver", &into.state)] {
            if state != "ok" {
                complaints.push(format!("state at the {side} is {state}"));
            }
        }
        complaints
    }

    /// Adds this channel's row to the closing table.
    pub(super) fn row(&self, table: &mut Table, sender: &Status, receiver: &Status) {
        let (Some(out), Some(into)) = (sender.channel(self.channel), receiver.channel(self.channel)) else {
            return;
        };
        let refusals = sender.rejections.iter().filter(|refusal| refusal.channel == self.channel);
        let refusals: Vec<_> = refusals.map(|refusal| format!("{} × {}", refusal.code, refusal.count)).collect();
        table.row([
            self.channel.to_owned(),
            out.accepted.to_string(),
            out.packets.to_string(),
            out.plain_bytes.to_string(),
            out.sealed_bytes.to_string(),
            into.applied.to_string(),
            format!("{} {}", out.rejected, refusals.join(", ")).trim().to_owned(),
        ]);
    }
}

/// Starts the closing table.
pub(super) fn heading(language: Language) -> Table {
    let words = match language {
        Language::Zh => ["通道", "受理", "摆渡包", "摆渡前字节", "摆渡后字节", "已送达", "拒收（原因）"],
        Language::En => ["channel", "accepted", "packets", "bytes before", "bytes after", "applied", "rejected (why)"],
    };
    Table::new(words)
}

fn reason_missing(refused: &Path) -> Option<String> {
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", refused.display()));
    let json = fs::read(beside(".reason.json")).unwrap_or_default();
    let reason: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    let has_code = reason.get("code").and_then(serde_json::Value::as_str).is_some_and(|code| !code.is_empty());
    let has_text = fs::read(beside(".reason.txt")).is_ok_and(|text| !text.is_empty());
    (!has_code || !has_text).then(|| format!("{} has no reason beside it", refused.display()))
}

/// Lists the regular files below a directory, by their path inside it; hidden ones are work in progress.
pub(super) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    WalkDir::new(directory)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.path().strip_prefix(directory).ok().map(Path::to_path_buf))
        .collect()
}

/// Lets the auditor's program judge a station's log against the card that its peer holds.
pub(super) fn audit(language: Language, program: &Path, station: &Station) -> Result<Option<String>> {
    let output = Command::new(program)
        .arg("verify")
        .arg(station.path("log"))
        .arg("--authority")
        .arg(station.card())
        .args(["--lang", language.say("zh", "en")])
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for line in text.lines() {
        println!("    {line}");
    }
    Ok((!output.status.success())
        .then(|| format!("{} verify {}: {}", program.display(), station.path("log").display(), output.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene {
        _root: tempfile::TempDir,
        from: Station,
        to: Station,
        feed: Feed,
    }

    impl Scene {
        /// Two stations between which three files went as they should.
        fn good() -> Self {
            let root = tempfile::tempdir().expect("a temporary directory");
            let station = |name: &str| Station { program: PathBuf::new(), directory: root.path().join(name) };
            let (from, to) = (station("from"), station("to"));
            let mut feed = Feed::default();
            for (name, fate) in [("a/x.xml", Fate::Arrives), ("bad.xml", Fate::Refused), ("y.tmp", Fate::Stays)] {
                feed.files.insert(name.into(), (name.as_bytes().to_vec(), fate));
            }
            let write = |path: PathBuf, text: &str| {
                fs::create_dir_all(path.parent().expect("a parent")).expect("create");
                fs::write(path, text).expect("write");
            };
            write(to.path("arrived/c/a/x.xml"), "a/x.xml");
            write(from.path("rejected/c/bad.xml"), "bad.xml");
            write(from.path("rejected/c/bad.xml.reason.json"), "{\"code\":\"xml-encoding\"}");
            write(from.path("rejected/c/bad.xml.reason.txt"), "编码不符");
            write(from.path("drop/c/y.tmp"), "y.tmp");
            Scene { _root: root, from, to, feed }
        }

        fn crossing(&self) -> Crossing<'_> {
            Crossing { channel: "c", from: &self.from, to: &self.to, feed: &self.feed }
        }

        fn complaints(&self) -> Vec<String> {
            self.crossing().complaints(&status(1, 1, 0, "ok"), &status(0, 0, 1, "ok"))
        }
    }

    fn status(accepted: u64, rejected: u64, applied: u64, state: &str) -> Status {
        let text = format!(
            "{{\"channels\":[{{\"channel\":\"c\",\"state\":\"{state}\",\"accepted\":{accepted},\"rejected\":{rejected},\"applied\":{applied}}}]}}"
        );
        serde_json::from_str(&text).expect("a status")
    }

    #[test]
    fn what_went_as_it_should_has_no_complaint() {
        let scene = Scene::good();
        assert!(scene.crossing().has_converged());
        assert_eq!(scene.complaints(), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_came_changed_or_not_at_all_or_uninvited_is_named() {
        let scene = Scene::good();
        fs::write(scene.to.path("arrived/c/a/x.xml"), "other").expect("write");
        assert!(scene.complaints()[0].contains("changed"));
        fs::remove_file(scene.to.path("arrived/c/a/x.xml")).expect("remove");
        assert!(scene.complaints()[0].contains("did not arrive"));
        fs::write(scene.to.path("arrived/c/bad.xml"), "bad.xml").expect("write");
        assert!(scene.complaints()[1].contains("should not have"));
    }

    #[test]
    fn a_refusal_without_its_reason_is_named() {
        let scene = Scene::good();
        fs::write(scene.from.path("rejected/c/bad.xml.reason.json"), "{}").expect("write");
        assert!(scene.complaints()[0].contains("no reason"));
        fs::remove_file(scene.from.path("rejected/c/bad.xml")).expect("remove");
        assert!(scene.complaints()[0].contains("not set aside"));
    }

    #[test]
    fn an_unfinished_file_that_was_taken_is_named() {
        let scene = Scene::good();
        fs::remove_file(scene.from.path("drop/c/y.tmp")).expect("remove");
        assert!(scene.complaints()[0].contains("stay untouched"));
    }

    #[test]
    fn wrong_numbers_and_states_are_named() {
        let scene = Scene::good();
        let complaints = scene.crossing().complaints(&status(1, 0, 0, "held"), &status(0, 0, 2, "ok"));
        assert_eq!(complaints.len(), 3, "{complaints:?}");
    }
}
