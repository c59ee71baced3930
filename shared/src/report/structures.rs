//! What `status` and `schema show` tell of structure changes whose rows leave from here.

use crate::lang::Lang;
use crate::say;
use crate::send::structure::leaving::{ChannelStanding, LeavingStanding, State};

/// Says how far a change, or a channel of it, is; 已生效 is said by the peer's receipt alone.
pub(crate) fn state_words(state: State, lang: Lang) -> String {
    match state {
        State::Changing => say!(lang, "来源数据库正在执行", "being made in the source's database"),
        State::Changed => {
            say!(lang, "来源数据库已改，标记还没有打包", "made in the source's database, the marker has no packet yet")
        }
        State::Marked => say!(lang, "标记已打包，还没有离站", "the marker has its packet and has not left"),
        State::Left => say!(lang, "标记已离站", "the marker left"),
        State::Confirmed => say!(lang, "对方已生效（有回执）", "in effect at the peer, by its receipt"),
    }
}

/// Says the lines, those alone that are not confirmed where `open` is asked for.
pub(crate) fn text(structures: &[LeavingStanding], open: bool, lang: Lang) -> String {
    structures.iter().filter(|told| !open || told.state != State::Confirmed).map(|told| line(told, lang)).collect()
}

fn line(told: &LeavingStanding, lang: Lang) -> String {
    let LeavingStanding { structure, to, state, step, steps, channels, .. } = told;
    let words = state_words(*state, lang);
    let step = match step {
        Some(step) => say!(lang, "，停在第 {step} 步（共 {steps} 步）", ", at step {step} of {steps}"),
        None => String::new(),
    };
    let each: Vec<String> = channels.iter().map(|channel| of_channel(channel, lang)).collect();
    let each = each.join(&say!(lang, "；", "; "));
    say!(
        lang,
        "结构 {structure} 第 {to} 版：{words}{step}。{each}。\n",
        "Structure {structure} version {to}: {words}{step}. {each}.\n"
    )
}

fn of_channel(told: &ChannelStanding, lang: Lang) -> String {
    let (channel, words) = (&told.channel, state_words(told.state, lang));
    match told.seq {
        Some(seq) => say!(lang, "通道 {channel}（第 {seq} 号包）{words}", "channel {channel} (packet {seq}): {words}"),
        None => say!(lang, "通道 {channel} {words}", "channel {channel}: {words}"),
    }
}
