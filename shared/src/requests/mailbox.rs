//! Requests and answers as files in `state/requests/`: how a command asks the process that has the station.
//!
//! Given: `NAME.request` files that commands left. Gives: `NAME.answer` files, written before the request goes, so that a request that is gone was
//! answered. What is no request is moved aside to `NAME.unfit` and never looked at again. After a crash: a request without an answer is performed again.
//! Never: a station stopped by what somebody put there.

use super::{Again, Answer, Request};
use crate::accounts;
use crate::daemon::StationLock;
use crate::engine::Engine;
use crate::error::{ConfigFault, EngineFault, Policy};
use crate::lang::Lang;
use crate::say;
use crate::seams::{FileCause, FileFault};
use crate::station::Station;
use crate::trouble::Trouble;
use dukou_packets::suite::Random;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest request or answer that is read.
pub(super) const REQUEST_MAX: u64 = 1 << 20;

/// How long a command waits for the process that has the station.
const ANSWER_WAIT: Duration = Duration::from_secs(60);

/// How long a command waits before it says that it waits.
const SILENT_WAIT: Duration = Duration::from_secs(2);

/// How often a command looks for its answer.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long an answer stays that nobody fetched: its command has ended long before.
const ANSWER_KEPT_MS: i64 = 3_600_000;

/// Ending of what was no request.
const UNFIT: &str = ".unfit";

impl Engine {
    /// Performs the requests that commands left beside this station; tells of files there that are none.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn serve_requests(&mut self) -> Result<Vec<Trouble>, EngineFault> {
        let dir = requests_dir(&self.station);
        let mut troubles = Vec::new();
        let names = match self.seams.files.list(&dir) {
            // Somebody took the folder away: it is made anew, and commands find it again.
            Err(fault) if fault.cause == FileCause::NotFound => {
                self.seams.files.make_dirs(&dir)?;
                Vec::new()
            }
            listed => listed?,
        };
        for name in names {
            let Some(stem) = name.strip_suffix(".request").filter(|_| !self.unfit_requests.contains(&name)) else {
                self.drop_old_answer(&dir.join(&name))?;
                continue;
            };
            let bytes = match self.seams.files.read(&dir.join(&name), REQUEST_MAX) {
                Ok(bytes) => bytes,
                Err(fault) if fault.cause == FileCause::NotFound => continue,
                Err(fault) if is_of_the_file(&fault) => Vec::new(),
                Err(fault) => return Err(fault.into()),
            };
            let Ok(request) = serde_json::from_slice::<Request>(&bytes) else {
                troubles.push(self.set_unfit_aside(&dir, stem, &name)?);
                continue;
            };
            let answer = match self.perform_once(&request, stem) {
                // A wrong request is the asker's to mend; it must not end the station that was asked.
                Err(fault) if fault.policy() == Policy::Mend => Answer::no(|lang| fault.sentence(lang)),
                performed => performed?,
            };
            self.answer(&dir, stem, &answer)?;
            self.seams.files.remove(&dir.join(&name))?;
        }
        Ok(troubles)
    }

    /// Performs a request that came as a file. To send again is the only one that must not be done twice, though its file lies here still
    /// when the station died before its answer.
    fn perform_once(&mut self, request: &Request, stem: &str) -> Result<Answer, EngineFault> {
        let Request::SendAgain { channel, file, operator, reason } = request else { return self.perform(request) };
        if self.store().is_done(stem)? {
            return Ok(Self::sent_again_answer(1));
        }
        let again = Again { request: Some(stem.to_string()), operator: operator.clone(), reason: reason.clone() };
        self.send_again(channel, file, again)
    }

    fn answer(&self, dir: &Path, stem: &str, answer: &Answer) -> Result<(), EngineFault> {
        let text = serde_json::to_vec(answer).unwrap_or_default();
        Ok(self.seams.files.replace(&dir.join(format!("{stem}.answer")), &text)?)
    }

    fn drop_old_answer(&self, path: &Path) -> Result<(), EngineFault> {
        let is_answer = path.extension().is_some_and(|extension| extension == "answer");
        let stat = if is_answer { self.seams.files.stat(path)? } else { None };
        let age_ms = |mtime_ns: i64| self.seams.clock.wall_ms().saturating_sub(mtime_ns / 1_000_000);
        if stat.is_some_and(|stat| stat.is_file && age_ms(stat.mtime_ns) > ANSWER_KEPT_MS) {
            self.seams.files.remove(path)?;
        }
        Ok(())
    }

    /// Moves what is no request aside and tells its asker; what cannot even be moved is not looked at again by this process.
    fn set_unfit_aside(&mut self, dir: &Path, stem: &str, name: &str) -> Result<Trouble, EngineFault> {
        let path = dir.join(name);
        match self.seams.files.rename_new(&path, &dir.join(format!("{stem}{UNFIT}"))) {
            Ok(()) => {}
            Err(fault) if fault.cause == FileCause::Killed => return Err(fault.into()),
            Err(_) => drop(self.unfit_requests.insert(name.to_string())),
        }
        let sentence = |lang| {
            let path = path.display();
            say!(
                lang,
                "请求文件 {path} 读不了或不是请求（没有权限、太大、不是普通文件或内容不对），没有执行，已改名为 .unfit。请重新运行那条命令，并删除该文件。",
                "The request file {path} cannot be read or is no request (permission, size, not a regular file, or its content); it was not performed and is now named .unfit. Run the command again and remove the file."
            )
        };
        self.answer(dir, stem, &Answer::no(sentence))?;
        let [zh, en] = [Lang::Zh, Lang::En].map(sentence);
        Ok(Trouble { code: "request".into(), journal: say!(self.lang(), "{zh}", "{en}"), zh, en })
    }
}

/// True when it is this one file that cannot be read, and not the disk.
fn is_of_the_file(fault: &FileFault) -> bool {
    const TOO_LONG: FileCause = FileCause::System(27);
    matches!(fault.cause, FileCause::Denied | FileCause::NotRegular | FileCause::NotDirectory) || fault.cause == TOO_LONG
}

/// Where commands leave requests beside a running station.
pub(crate) fn requests_dir(station: &Station) -> PathBuf {
    station.state_dir().join("requests")
}

/// Tells in one sentence how many files in `state/requests/` were no requests; `None` when there are none.
pub fn unfit_requests(station: &Station) -> Option<Trouble> {
    let dir = requests_dir(station);
    let names = std::fs::read_dir(&dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let count = names.filter(|name| name.to_str().is_some_and(|name| name.ends_with(UNFIT))).count();
    let sentence = |lang| {
        let dir = dir.display();
        say!(
            lang,
            "{dir} 里有 {count} 个读不了或内容不对的请求文件（.unfit），没有执行。请重新运行当时的命令，再删除它们。",
            "{count} request file(s) in {dir} could not be read or were no requests (.unfit) and were not performed. Run the commands again and remove the files."
        )
    };
    let [zh, en] = [Lang::Zh, Lang::En].map(sentence);
    (count > 0).then(|| Trouble { code: "request".into(), journal: zh.clone(), zh, en })
}

/// What came of asking.
pub enum Asked {
    /// The process that has the station answered.
    Answered(Answer),
    /// The station became free before anyone took the request: it was withdrawn, and whoever holds this lock performs it.
    Free(StationLock),
}

/// Leaves a request beside the process that has the station and waits for its answer, or for the station to become free.
///
/// `waiting` is called once when it takes longer than a moment.
///
/// # Errors
/// [`ConfigFault`] when the request cannot be left; [`ConfigFault::NoAnswer`] when neither happens in time: the request stays.
pub fn ask_running(
    station: &Station,
    request: &Request,
    random: &dyn Random,
    waiting: &dyn Fn(),
) -> Result<Asked, ConfigFault> {
    let dir = requests_dir(station);
    let mut id = [0; 8];
    random.fill(&mut id);
    let stem = data_encoding::HEXLOWER.encode(&id);
    let (question, answer) = (dir.join(format!("{stem}.request")), dir.join(format!("{stem}.answer")));
    leave(station, &question, request)?;
    let began = Instant::now();
    let mut silent = true;
    while began.elapsed() < ANSWER_WAIT {
        if let Ok(bytes) = std::fs::read(&answer) {
            std::fs::remove_file(&answer).map_err(|error| ConfigFault::unreadable(&answer, &error))?;
            let read = serde_json::from_slice(&bytes);
            return read
                .map(Asked::Answered)
                .map_err(|error| ConfigFault::Unreadable { path: answer, problem: error.to_string() });
        }
        match StationLock::take(station) {
            // While nobody else has the station nobody takes the request; one that is gone was answered just now.
            Ok(lock) if std::fs::remove_file(&question).is_ok() => return Ok(Asked::Free(lock)),
            Ok(_) | Err(ConfigFault::InUse { .. }) => {}
            Err(fault) => {
                // The station's account will find the request; for this account nothing more can be done.
                let _ = std::fs::remove_file(&question);
                return Err(fault);
            }
        }
        if silent && began.elapsed() > SILENT_WAIT {
            silent = false;
            waiting();
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Err(ConfigFault::NoAnswer { seconds: ANSWER_WAIT.as_secs(), request: question })
}

/// Writes the request; root hands it to the account that has the station.
fn leave(station: &Station, question: &Path, request: &Request) -> Result<(), ConfigFault> {
    let text = serde_json::to_vec(request).unwrap_or_default();
    crate::keys::write_durably_for(question, &text, 0o600, accounts::other_owner(&station.state_dir()))
}
