//! What a pass did, in words.

use super::{Status, state_text};
use crate::engine::PassReport;
use crate::lang::Lang;
use crate::say;
use crate::trouble::Trouble;
use std::collections::BTreeSet;

/// Renders what a pass did; lines that would only say "none" are left out.
pub fn pass_text(report: &PassReport, lang: Lang) -> String {
    let PassReport { accepted, packets_out, packets_in, delivered, .. } = report;
    let mut out = say!(
        lang,
        "发出：{accepted} 个文件，{packets_out} 个包\n收到：{packets_in} 个包，落地 {delivered} 个文件\n",
        "Out: {accepted} files in {packets_out} packets\nIn: {packets_in} packets, {delivered} files delivered\n"
    );
    out += &refusals_text(report, lang);
    out += &arrivals_text(report, lang);
    for (code, count) in report.aside.iter().filter(|(code, _)| *code != UNKNOWN_KEY) {
        out += &say!(
            lang,
            "另存待查：{count} 个包（{code}），原因在 quarantine/ 下。\n",
            "Set aside: {count} packet(s) ({code}); the reasons are in quarantine/.\n"
        );
    }
    if report.waiting > 0 {
        let waiting = report.waiting;
        out += &say!(
            lang,
            "等密钥：{waiting} 个包的签名密钥不认识，在 waiting/ 下；核对发送方后运行 trust，会自动重试。\n",
            "Waiting: {waiting} packet(s) under unknown keys are in waiting/; check who sent them and run trust, they are tried again by themselves.\n"
        );
    }
    if report.young + report.unfinished > 0 {
        let (young, unfinished) = (report.young, report.unfinished);
        out += &say!(
            lang,
            "未完成的文件：{young} 个还在变化，{unfinished} 个等改名（.tmp/.part）。\n",
            "Unfinished files: {young} still change, {unfinished} wait to be renamed (.tmp, .part).\n"
        );
    }
    // One cause is met by several stages, and told once.
    let mut told = BTreeSet::new();
    for sentence in report.troubles.iter().map(|trouble| trouble.sentence(lang)).filter(|sentence| told.insert(*sentence)) {
        out += &format!("{sentence}\n");
    }
    out
}

/// The code under which packets that wait for a key are counted, too.
const UNKNOWN_KEY: &str = "unknown-key";

fn refusals_text(report: &PassReport, lang: Lang) -> String {
    let (rejected, held_back) = (report.rejected.saturating_sub(report.rejected_rows), report.held_back);
    let mut out = String::new();
    if rejected > 0 {
        out += &say!(
            lang,
            "拒收 {rejected} 个文件，文件和原因在 rejected/ 下。\n",
            "Refused {rejected} file(s); files and reasons are in rejected/.\n"
        );
    }
    if report.rejected_rows > 0 {
        let rows = report.rejected_rows;
        out += &say!(
            lang,
            "有 {rows} 行不能摆渡，没有送出；它们在来源表里不变，发件记录留在发件表旁的 dukou_aside_… 表里；改好后会再次送出。\n",
            "{rows} row(s) cannot travel and were not sent; they stay in their tables, their entries in the table dukou_aside_… beside the outbox; mended, they go again.\n"
        );
    }
    if held_back > 0 {
        out += &say!(
            lang,
            "重复未送 {held_back} 个文件，文件和原因在 duplicates/ 下；确需再送用 send --again。\n",
            "Held back {held_back} repeat(s), with their reasons in duplicates/; to send one all the same use send --again.\n"
        );
    }
    out
}

fn arrivals_text(report: &PassReport, lang: Lang) -> String {
    let PassReport { kept, duplicates, incomplete, junk, rebuilt, .. } = report;
    let mut out = String::new();
    if *rebuilt > 0 {
        out += &say!(
            lang,
            "途中丢失或损坏的 {rebuilt} 个包已由修复包还原。\n",
            "{rebuilt} packet(s) lost or damaged on their way were rebuilt from repair packets.\n"
        );
    }
    if *kept > 0 {
        out += &say!(
            lang,
            "留存 {kept} 个包，暂未打开（原因见 status）。\n",
            "Kept {kept} packet(s) unopened for now (status says why).\n"
        );
    }
    if *duplicates > 0 {
        out += &say!(lang, "重复到达 {duplicates} 个包，不起作用。\n", "{duplicates} packet(s) came again, without effect.\n");
    }
    if report.repeats > 0 {
        let repeats = report.repeats;
        out += &say!(
            lang,
            "早先一代已落地、没有再落地：{repeats} 个文件。\n",
            "Applied in an earlier epoch and not delivered again: {repeats} file(s).\n"
        );
    }
    if *incomplete > 0 {
        out += &say!(
            lang,
            "不完整的包：{incomplete} 个，等它们变长。\n",
            "Incomplete: {incomplete} packet(s), which may still grow.\n"
        );
    }
    if *junk > 0 {
        out += &say!(
            lang,
            "摆渡目录里不是摆渡包的：{junk} 个，没有动。\n",
            "In the ferry directory and no packets: {junk}, left alone.\n"
        );
    }
    out
}

/// Names what waits for a person though this pass did not cause it: channels, with where more is told, and files that are no requests; what the pass
/// itself met is told by [`pass_text`].
pub fn standing_text(status: &Status, report: &PassReport, lang: Lang) -> String {
    let waiting = status.channels.iter().filter(|line| line.state != "ok");
    let line = |line: &super::ChannelLine| {
        let (channel, state) = (&line.channel, state_text(line.state, lang));
        let verb = if line.state == "gapped" { "gaps" } else { "status" };
        say!(lang, "通道 {channel}：{state}，见 {verb}。\n", "Channel {channel}: {state}, see {verb}.\n")
    };
    let is_new = |trouble: &&Trouble| !report.troubles.iter().any(|told| told.code == trouble.code && told.zh == trouble.zh);
    let troubles = status.troubles.iter().filter(is_new).map(|trouble| format!("{}\n", trouble.sentence(lang)));
    waiting.map(line).chain(troubles).collect()
}
