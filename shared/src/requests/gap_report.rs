//! `gaps --out` and its forms: the next gap report.
//!
//! Given: the state. Gives: the signed report as the answer's document. After a crash: performed again, under the next number. Never: a report to
//! nobody: without a peer there is none.

use super::Answer;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::say;

impl Engine {
    pub(super) fn report_gaps(&mut self) -> Result<Answer, EngineFault> {
        let Some(peer) = self.trust.as_ref().map(|trust| trust.peer.body().station) else {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "还没有配对，缺包单没有收单方。请先运行 trust 对方的密钥卡。",
                    "Not paired yet: there is nobody to report to. Run trust with the peer's card first."
                )
            }));
        };
        match self.make_gap_report(peer)? {
            Err(fault) => Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "缺包单写不成（{fault}）。请联系维护人员。",
                    "The gap report cannot be written ({fault}). Call support."
                )
            })),
            Ok((report, text)) => {
                let (number, missing) = (report.report, report.missing());
                let more = report.more;
                let answer = Answer::done(missing, |lang| match (missing, more) {
                    (0, _) => say!(
                        lang,
                        "缺包单第 {number} 号：没有已知的缺包。",
                        "Gap report {number}: no packet is known to be missing."
                    ),
                    (_, false) => say!(
                        lang,
                        "缺包单第 {number} 号：缺 {missing} 个包。",
                        "Gap report {number}: {missing} packet(s) are missing."
                    ),
                    (_, true) => say!(
                        lang,
                        "缺包单第 {number} 号：写下了 {missing} 个缺的包，还有写不下的；补齐后请再出一张。",
                        "Gap report {number}: {missing} missing packets are in it, and there are more; make another report once these are here."
                    ),
                });
                Ok(Answer { document: Some(text), ..answer })
            }
        }
    }
}
