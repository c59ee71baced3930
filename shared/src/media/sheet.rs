//! What goes with a disc on paper: the registration sheet (介质登记单) for printing, and the label.
//!
//! Neither holds a record's name, key or content: numbers, channels and digests only.

use crate::lang::{html_line, plain_line};
use crate::ranges::gathered;
use crate::report::range_text;
use dukou_packets::disc::Manifest;
use std::collections::BTreeMap;

/// What people are named on a sheet.
#[derive(Clone, Copy, Debug)]
pub struct People<'a> {
    /// What people call the disc; may be empty.
    pub title: &'a str,
    /// Who made it.
    pub maker: &'a str,
    /// Who is to receive it.
    pub receiver: &'a str,
    /// The sending station.
    pub station: &'a str,
    /// The station it is for.
    pub peer: &'a str,
    /// When it was made, in China's civil time.
    pub at: &'a str,
}

/// Gives the ranges of packets by channel and epoch that some packets of a disc cover: `files 1-00ff… 3–9`.
fn ranges(manifest: &Manifest, volume: Option<u32>) -> Vec<(String, String, String)> {
    let mut seqs: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
    let mut others: BTreeMap<&str, u64> = BTreeMap::new();
    for packet in manifest.packets.iter().filter(|packet| volume.is_none_or(|volume| packet.volume == volume)) {
        let mut parts = packet.what.split('/');
        match (parts.next(), parts.next(), parts.next().and_then(|seq| seq.parse().ok())) {
            (Some(channel), Some(epoch), Some(seq)) => seqs.entry((channel, epoch)).or_default().push(seq),
            _ => *others.entry(packet.what.as_str()).or_default() += 1,
        }
    }
    let mut rows = Vec::new();
    for ((channel, epoch), mut seqs) in seqs {
        seqs.sort_unstable();
        let row = |(from, to)| (channel.to_string(), epoch.to_string(), range_text(from, to));
        rows.extend(gathered(seqs).into_iter().map(row));
    }
    rows.extend(others.into_iter().map(|(what, count)| (what.to_string(), String::new(), format!("× {count}"))));
    rows
}

/// Most rows of a sheet; what is more is counted.
const ROWS_MAX: usize = 200;

/// Writes the registration sheet of a disc, alike in every volume but for the volume's own number.
pub fn sheet(manifest: &Manifest, people: &People<'_>) -> String {
    let Manifest { disc, volume, volumes, packets, .. } = manifest;
    let (count, list) = (packets.len(), manifest.list());
    let rows = ranges(manifest, None);
    let surplus = rows.len().saturating_sub(ROWS_MAX);
    let mut table: String = rows
        .iter()
        .take(ROWS_MAX)
        .map(|(channel, epoch, seqs)| {
            format!("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", html_line(channel), html_line(epoch), html_line(seqs))
        })
        .collect();
    if surplus > 0 {
        table += &format!(
            "<tr><td colspan=\"3\">另有 {surplus} 段，见 MANIFEST.txt / {surplus} more ranges, see MANIFEST.txt</td></tr>\n"
        );
    }
    let per_volume: String = (1..=*volumes)
        .map(|number| {
            let (files, bytes) = manifest
                .packets
                .iter()
                .filter(|packet| packet.volume == number)
                .fold((0, 0), |(files, bytes), packet| (files + 1, bytes + packet.bytes));
            format!("<tr><td>{number} / {volumes}</td><td>{files}</td><td>{bytes}</td></tr>\n")
        })
        .collect();
    let [title, maker, receiver, station, peer, at] =
        [people.title, people.maker, people.receiver, people.station, people.peer, people.at].map(html_line);
    format!(
        r#"<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><title>介质登记单 {disc}</title>
<style>
body {{ font-family: "Noto Sans CJK SC", "SimSun", sans-serif; margin: 2em auto; max-width: 46em; color: #000; background: #fff }}
h1 {{ text-align: center; font-size: 1.5em }} table {{ border-collapse: collapse; width: 100%; margin: 1em 0 }}
th, td {{ border: 1px solid #000; padding: .35em .6em; text-align: left; vertical-align: top }} th {{ width: 9em; font-weight: normal; background: #eee }}
.digest {{ font-family: monospace; word-break: break-all }} .sign td {{ height: 3.5em }}
@page {{ size: A4; margin: 18mm }} @media print {{ body {{ margin: 0; max-width: none }} th {{ background: none }} tr {{ break-inside: avoid }} }}
</style></head><body>
<h1>介质登记单<br><small>Registration of a disc</small></h1>
<table>
<tr><th>编号 / number</th><td>{disc}</td><th>本张 / this volume</th><td>{volume} / {volumes}</td></tr>
<tr><th>名称 / title</th><td>{title}</td><th>日期 / date</th><td>{at}</td></tr>
<tr><th>发送站 / from</th><td>{station}</td><th>接收站 / to</th><td>{peer}</td></tr>
<tr><th>摆渡包 / packets</th><td>{count}</td><th>张数 / volumes</th><td>{volumes}</td></tr>
<tr><th>清单摘要 / digest of the list (SHA-256)</th><td colspan="3" class="digest">{list}</td></tr>
</table>
<table><tr><th>通道 / channel</th><th>发送代次 / epoch</th><th>包号 / numbers</th></tr>
{table}</table>
<table><tr><th>张 / volume</th><th>摆渡包 / packets</th><th>字节 / bytes</th></tr>
{per_volume}</table>
<table class="sign">
<tr><th>制作人 / made by</th><td>{maker}</td><th>签字、日期 / signature, date</th><td></td></tr>
<tr><th>携带人 / carried by</th><td></td><th>签字、日期 / signature, date</th><td></td></tr>
<tr><th>接收人 / received by</th><td>{receiver}</td><th>签字、日期 / signature, date</th><td></td></tr>
</table>
<p>接收方运行 media read 读入每一张，读入结果列出未读入的张数；全部读入后登记自动销号。/ The receiving side runs media read on every volume; once all were read the registration closes.</p>
</body></html>
"#
    )
}

/// Writes the label of a volume.
pub fn label(manifest: &Manifest, people: &People<'_>) -> String {
    let Manifest { disc, volume, volumes, .. } = manifest;
    let (own, count) = (manifest.own().count(), manifest.packets.len());
    // A line of its own in a title would read as one of the label's.
    let [title, station, peer, at] = [people.title, people.station, people.peer, people.at].map(plain_line);
    let mut text = format!(
        "\u{feff}渡口摆渡介质 / a Dukou disc\n编号 / number: {disc}\n第 {volume} 张，共 {volumes} 张 / volume {volume} of {volumes}\n名称 / title: {title}\n发送站 / from: {station}\n接收站 / to: {peer}\n日期 / date: {at}\n本张摆渡包 / packets here: {own}，全盘 / in all: {count}\n"
    );
    for (channel, epoch, seqs) in ranges(manifest, Some(*volume)).into_iter().take(ROWS_MAX) {
        text += &format!("{channel} {epoch} {seqs}\n");
    }
    text + "接收方运行 media read 本目录 / the receiving side runs media read on this directory\n"
}
