//! `trust`: a person accepts a peer's card.
//!
//! Given: a card and the channels granted to it. Gives: the peer, logged and stored; in the place of another one only where a person says so. After a crash:
//! performed again. Never: a card of the own side, of the other environment, of an older version or of one that does not follow.

use super::{Answer, Replacing};
use crate::engine::Engine;
use crate::epoch::decisions::Person;
use crate::error::{ConfigFault, EngineFault};
use crate::keys::{Grant, Trust};
use crate::lang::Lang;
use crate::say;
use crate::station::Station;
use dukou_packets::keyring::{Keyring, accepts_next};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;

impl Engine {
    pub(super) fn accept(
        &mut self,
        card: &str,
        compared: bool,
        channels: &[ChannelName],
        operator: &str,
        replace: Option<&Replacing>,
    ) -> Result<Answer, EngineFault> {
        let own = self.trust.as_ref();
        let trust = check_card(&self.station, card, compared, channels, operator, own, replace.is_some())?;
        let replaces = own.is_some_and(|known| known.peer.body().station != trust.peer.body().station);
        let (body, compared) = (trust.peer.body(), trust.grant.compared);
        let event = Event::Trust {
            peer: body.station,
            side: body.side,
            keyring: trust.peer.file_digest(),
            compared,
            channels: channels.to_vec(),
            operator: operator.to_string(),
        };
        if !self.log.takes(&event) {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "授权的通道太多，一行日志写不下。没有改动任何东西；请用 --channels 只列出对方要用的。",
                    "Too many channels to grant for one log line. Nothing was changed; name those the peer uses with --channels."
                )
            }));
        }
        self.log.note(event);
        self.commit_log()?;
        if let Some(Replacing { name, reason }) = replace.filter(|_| replaces) {
            let decision = self.decided("trust-replace", None, &Person { operator, name, reason })?;
            self.commit_store(vec![decision])?;
        }
        trust.store(&self.station)?;
        let (name, fingerprint) = (body.name.clone(), trust.peer.fingerprint());
        self.trust = Some(trust);
        (self.pick_up.waiting_done, self.pick_up.grants_done) = (false, false);
        let replaced = self.settle_peer()?;
        self.flush()?;
        let count = channels.len() as u64;
        if replaced {
            return Ok(Answer::done(count, |lang| {
                say!(
                    lang,
                    "对方已换成「{name}」：\n{fingerprint}\n各通道已另起一代。旧对方没收到的记录，请在放入新文件之前运行 reseal 重新封装。",
                    "\"{name}\" is the peer from now on:\n{fingerprint}\nEvery channel has a new epoch. Before new files are dropped, run reseal, so that the new peer gets what was retained."
                )
            }));
        }
        Ok(Answer::done(count, |lang| match compared {
            true => say!(
                lang,
                "已信任「{name}」，指纹已比对：\n{fingerprint}",
                "\"{name}\" is trusted, its fingerprint compared:\n{fingerprint}"
            ),
            false => say!(
                lang,
                "已信任「{name}」，指纹未比对：\n{fingerprint}\n请与对方通话核对，一致后运行 trust --confirm。",
                "\"{name}\" is trusted, its fingerprint was not compared:\n{fingerprint}\nRead it out with the peer, and when it agrees run trust --confirm."
            ),
        }))
    }
}

/// Checks a card before it is trusted: the other side, the same environment, not this station itself, not a second peer.
pub(crate) fn check_card(
    station: &Station,
    card: &str,
    compared: bool,
    channels: &[ChannelName],
    operator: &str,
    known: Option<&Trust>,
    replace: bool,
) -> Result<Trust, EngineFault> {
    let peer = Keyring::parse(card.as_bytes())?;
    let (own, body) = (&station.config.station, peer.body());
    let refuse = |sentence: &dyn Fn(Lang) -> String| -> Result<Trust, EngineFault> {
        Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into())
    };
    if body.station == own.id {
        return refuse(&|lang| {
            say!(lang, "这是本站自己的密钥卡。请用对方的密钥卡。", "This is this station's own card. Use the peer's.")
        });
    }
    if body.side == own.side {
        let side = own.side;
        return refuse(&|lang| {
            say!(
                lang,
                "密钥卡来自同一侧（{side}）。内网站只能与外网站配对。",
                "The card is of the same side ({side}). An inner station pairs with an outer one."
            )
        });
    }
    if body.environment != own.environment {
        return refuse(&|lang| {
            say!(
                lang,
                "密钥卡与本站的环境不同（正式/测试）。请确认是不是拿错了。",
                "The card is of another environment (production or test). Check that it is the right one."
            )
        });
    }
    let another = known.filter(|known| known.peer.body().station != body.station);
    if let Some(known) = another.filter(|_| !replace) {
        let name = &known.peer.body().name;
        return refuse(&|lang| {
            say!(
                lang,
                "本站已与「{name}」配对。一站只与一站配对；要换对方，请用 trust --replace --name 决定人 --reason 原因。",
                "This station is paired with \"{name}\" already. A station has one peer; to put another in its place use trust --replace --name WHO --reason WHY."
            )
        });
    }
    let known = known.filter(|_| another.is_none());
    if let Some(known) = known.filter(|known| {
        known.peer.body().version > body.version
            || (known.peer.body().version == body.version && known.peer.digest() != peer.digest())
    }) {
        let version = known.peer.body().version;
        return refuse(&|lang| {
            say!(
                lang,
                "已有第 {version} 版密钥表，不接受更旧的或同版不同的。",
                "Version {version} of this keyring is known; an older or another one of the same version is not accepted."
            )
        });
    }
    if let Some(known) =
        known.filter(|known| known.peer.body().version < body.version && accepts_next(&known.peer, &peer).is_err())
    {
        let version = known.peer.body().version;
        return refuse(&|lang| {
            say!(
                lang,
                "密钥表第 {} 版不接着本站已信任的第 {version} 版：中间缺了版本，或不是对方的授权密钥签的。请向对方要 log/ 里第 {} 版的密钥表，按次序信任。",
                "Version {} of the keyring does not follow version {version}, which is trusted: versions are missing between them, or the peer's authority did not sign it. Ask the peer for version {} from its log/, and trust them in order.",
                body.version,
                version + 1
            )
        });
    }
    // What a person compared once stays compared, and so does what the compared keyring's authority signed.
    let compared = compared || known.is_some_and(|known| known.grant.compared);
    let grant = Grant { keyring: peer.digest(), compared, channels: channels.to_vec(), operator: operator.to_string() };
    Ok(Trust { peer, grant })
}
