//! The next version of the own keyring: an approver more, or one less.
//!
//! Given: a keyring that the station's authority signed behind the present one. Gives: the keyring in `log/` and `keys/`, and its line. After a crash: `keys/`
//! has the old or the new one; a version that lies in `log/` already is the one that is taken on. Never: another key changed; two keyrings of one version.

use super::Answer;
use crate::engine::Engine;
use crate::error::{ConfigFault, EngineFault};
use crate::given::read_file;
use crate::keys::approvers::differ_in_approvers_alone;
use crate::keys::write_public;
use crate::say;
use dukou_packets::keyring::{Keyring, accepts_next};
use dukou_packets::limits::KEYRING_MAX;
use dukou_packets::log::line::Event;
use std::path::Path;

impl Engine {
    pub(super) fn renew(&mut self, text: &str, operator: &str) -> Result<Answer, EngineFault> {
        let (asked, now) = (Keyring::parse(text.as_bytes())?, self.keys.keyring.clone());
        if asked.digest() == now.digest() {
            return Ok(done(&now, 0));
        }
        if accepts_next(&now, &asked).is_err() || !differ_in_approvers_alone(&now, &asked) {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "这一版密钥表不接着本站现行的第 {} 版，或改了审批人以外的内容；没有改动任何东西。请重新运行命令。",
                    "This keyring does not follow the present version {}, or changes more than approvers; nothing was changed. Run the command again.",
                    now.body().version
                )
            }));
        }
        let version = asked.body().version;
        let evidence = self.station.log_dir().join(format!("keyring-{version:06}.txt"));
        let begun = begun_before(&evidence, &now)?;
        let next = begun.clone().unwrap_or_else(|| asked.clone());
        // 1. The file that the line names. After a crash before 3: it is the next version, whatever is asked for then.
        if begun.is_none() {
            write_public(&evidence, next.text())?;
        }
        // 2. The line. After a crash before 3: it stands there once more.
        let operator = operator.to_string();
        self.log.note(Event::Keyring { keyring: next.file_digest(), number: version, operator });
        self.commit_log()?;
        // 3. From here on it is the station's keyring.
        write_public(&self.station.keys_dir().join("keyring.txt"), next.text())?;
        let is_asked = next.digest() == asked.digest();
        self.keys.keyring = next;
        self.flush()?;
        if is_asked {
            return Ok(done(&asked, 1));
        }
        Ok(Answer::no(|lang| {
            say!(
                lang,
                "先补上了上次中断的第 {version} 版密钥表；这一次的还没有写入。请重新运行命令。",
                "Version {version}, which was interrupted before, was finished first; what was asked for now is not in it. Run the command again."
            )
        }))
    }
}

fn done(keyring: &Keyring, count: u64) -> Answer {
    let version = keyring.body().version;
    Answer::done(count, |lang| {
        say!(
            lang,
            "本站密钥表现为第 {version} 版。请把 card 输出的新密钥表交给对方，由对方 trust：没有它，对方不认本站审批人的签名。",
            "This station's keyring has version {version} now. Give what card prints to the peer, who runs trust: without it the peer does not know the signatures of this station's approvers."
        )
    })
}

/// Gives the next version that an interrupted request left in `log/`.
fn begun_before(evidence: &Path, now: &Keyring) -> Result<Option<Keyring>, EngineFault> {
    let bytes = match read_file(evidence, KEYRING_MAX as u64) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| ConfigFault::unreadable(evidence, &error))?,
    };
    let next = Keyring::parse(&bytes)?;
    Ok(accepts_next(now, &next).is_ok().then_some(next))
}
