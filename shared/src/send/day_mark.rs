//! Day marks (日终标记): at each cut-off, what the register view shows of the days it looks at, as a file for the channel of marks.
//!
//! Given: a register view all of whose changes have left. Gives: a mark of the day, and of each earlier day whose rows are others than its last mark said. After
//! a crash: marks may be made twice; a later one takes the earlier one's place. Never: a mark that counts a row which the head in it does not cover: the view is
//! looked at once more, and while anything of it is still to be sent there is no mark.

use crate::channel::CargoKind;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::registration::day::day_mark::{DayMark, Head, RowsOfDay};
use crate::registration::day::facts::RegisterRow;
use crate::registration::day::ids::AreaCode;
use crate::registration::day::settings::Settings;
use crate::registration::kept::{civil_of, row_of};
use crate::seams::FileFault;
use crate::store::Change;
use crate::store::facts::Fact;
use dukou_packets::packet::header::ChannelName;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was marked: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Marked(BTreeMap<ChannelName, MarkedChannel>);

/// What was marked of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct MarkedChannel {
    /// The cut-off that was marked last.
    cut: String,
    /// The digests by county and day, of the days looked at.
    digests: BTreeMap<String, String>,
}

impl Fact for Marked {
    const NAME: &str = "day-marks";
}

impl Engine {
    /// Makes the marks of a channel of register rows when a cut-off has passed.
    pub(super) fn mark_days(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        let Some(config) = self.outgoing(at).channel.day_mark.clone() else { return Ok(()) };
        let (channel, now) = (self.channel_name(at), civil_of(self.seams.clock.wall_ms()));
        let mut marked = self.state.fact::<Marked>()?;
        let Some(cut) = config.newest_cut(now).map(|cut| cut.to_string()) else { return Ok(()) };
        if marked.0.get(&channel).is_some_and(|marked| marked.cut == cut) {
            return Ok(());
        }
        let Some(folder) = self.marks_folder(&config.channel) else { return Ok(()) };
        let settings: Vec<Settings> = config.settings().collect();
        let Some(days) = self.settled_days(at, &settings, now, report)? else { return Ok(()) };
        let before = marked.0.remove(&channel).unwrap_or_default().digests;
        let mut digests = BTreeMap::new();
        let heads = self.heads_of_marks(&channel);
        let mut made = Vec::new();
        for ((county, day), rows) in days {
            let mark = DayMark { county, day, cut: now, rows: rows.finish(), heads: heads.clone() };
            let (place, digest) = (format!("{county} {day}"), mark.rows.digest.to_string());
            let is_told = before.get(&place) == Some(&digest) || (mark.rows.rows == 0 && !before.contains_key(&place));
            if day == now.date() || !is_told {
                made.push(mark);
                digests.insert(place, digest);
            } else if before.contains_key(&place) {
                digests.insert(place, digest);
            }
        }
        if let Err(fault) = self.write_marks(&folder, &made) {
            return self.tolerate(fault, report);
        }
        marked.0.insert(channel, MarkedChannel { cut, digests });
        self.commit_store(vec![Change::fact(&marked)?])
    }

    fn write_marks(&self, folder: &Path, marks: &[DayMark]) -> Result<(), FileFault> {
        let files = &self.seams.files;
        files.make_dirs(folder)?;
        for mark in marks {
            files.replace(&folder.join(name_of(mark)), mark.encode().as_bytes())?;
        }
        files.sync_fs(folder)
    }

    /// The folder that the channel of marks takes its files from.
    fn marks_folder(&self, marks: &ChannelName) -> Option<PathBuf> {
        let channel = self.outgoing.iter().map(|outgoing| &outgoing.channel).find(|channel| channel.channel == *marks)?;
        channel.source.folder().map(|source| self.station.dir.join(&source.folder))
    }

    /// Digests the rows as the view has them now, by county and day; none while anything of them is still to be sent.
    fn settled_days(
        &mut self,
        at: usize,
        settings: &[Settings],
        now: DateTime,
        report: &mut PassReport,
    ) -> Result<Option<Days>, EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        let Some(rows) = self.rows_out(at).filter(|rows| rows.is_idle(now_ms)) else { return Ok(None) };
        let Some(looked_at) = rows.source().days() else { return Ok(None) };
        // The first day that the view is looked at for may be cut.
        let back = jiff::Span::new().days(i64::from(looked_at) - 1);
        let since = now.date().saturating_sub(back);
        let mut days = days_of(settings, since, now.date());
        let settled = rows.source().each_settled_row(&since.to_string(), &mut |cells| {
            row_of(&cells, 0).into_iter().for_each(|row| take(&mut days, settings, &row));
        });
        match settled {
            Ok(are_settled) => Ok(are_settled.then_some(days)),
            Err(fault) => self.rest_source(at, fault, report).map(|()| None),
        }
    }

    /// Gives the head of the register's channel and those of the channels of messages.
    fn heads_of_marks(&self, register: &ChannelName) -> Vec<Head> {
        let named = self.outgoing.iter().map(|outgoing| &outgoing.channel);
        let named = named.filter(|channel| channel.channel == *register || channel.cargo == Some(CargoKind::Messages));
        let head = |channel: &ChannelName| {
            let head = self.state.out_heads.get(channel)?;
            Some(Head { channel: channel.clone(), epoch: head.epoch, seq: head.seq })
        };
        let mut heads: Vec<Head> = named.filter_map(|channel| head(&channel.channel)).collect();
        heads.sort_by(|a, b| a.channel.cmp(&b.channel));
        heads
    }
}

/// The rows of each county's days.
type Days = BTreeMap<(AreaCode, Date), RowsOfDay>;

/// Gives each county's days, still without rows: one that has none is marked, too.
fn days_of(settings: &[Settings], since: Date, until: Date) -> Days {
    let days = since.series(jiff::Span::new().days(1)).take_while(|day| *day <= until);
    days.flat_map(|day| settings.iter().map(move |settings| ((settings.county, day), RowsOfDay::default()))).collect()
}

fn take(days: &mut Days, settings: &[Settings], row: &RegisterRow) {
    for county in settings.iter().filter(|settings| settings.has_row(&row.bdcdyh, &row.qxdm)) {
        days.entry((county.county, row.day())).and_modify(|of_day| of_day.take(row));
    }
}

/// The file of a mark: one name a mark, so that none is a repeat.
fn name_of(mark: &DayMark) -> String {
    let (date, time) = (mark.cut.date(), mark.cut.time());
    format!("{}-{}-{date}T{:02}{:02}{:02}.mark", mark.county, mark.day, time.hour(), time.minute(), time.second())
}
