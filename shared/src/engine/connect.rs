//! The connectors of a station's channels: a source for each that leaves from here, a sink for each that arrives.
//!
//! Given: checked channels. Gives: connectors over the file seam; nothing is touched yet. After a crash: the same again. Never: an account that
//! this machine does not know taken for another one.

use super::{Incoming, Outgoing, Seams};
use crate::accounts;
use crate::channel::{Channel, ChannelSink, ChannelSource, SinkConfig, SourceConfig};
use crate::connectors::folder::sink::FolderSink;
use crate::connectors::folder::source::{FolderPlaces, FolderSource};
use crate::connectors::tables::database::{sink_of, source_of};
use crate::connectors::tables::no_folder::NoFolder;
use crate::connectors::{Sink, Source};
use crate::error::{ConfigFault, EngineFault};
use crate::intake::{Intake, Waiting};
use crate::receive::rows::RowsIn;
use crate::seams::Ownership;
use crate::send::put_away::PuttingAway;
use crate::send::rows::RowsOut;
use crate::send::screen::Screen;
use crate::station::Station;
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use std::collections::{BTreeMap, VecDeque};

/// Makes the connectors of all channels.
pub(super) fn connect(
    station: &Station,
    channels: Vec<Channel>,
    seams: &Seams,
) -> Result<(Vec<Outgoing>, BTreeMap<ChannelName, Incoming>), EngineFault> {
    let side = station.config.station.side;
    let (mut outgoing, mut incoming) = (Vec::new(), BTreeMap::new());
    for channel in channels {
        match channel.direction(side) {
            Direction::Out => outgoing.push(connect_out(station, channel, seams)?),
            Direction::In => {
                let sink: Box<dyn Sink> = match &channel.sink {
                    ChannelSink::Folder(sink) => {
                        Box::new(FolderSink::new(seams.files.clone(), station.dir.join(&sink.folder), ownership(sink)?))
                    }
                    ChannelSink::Tables(_) => Box::new(NoFolder),
                };
                let rows = match channel.sink.is_register() {
                    true => Some(RowsIn::own()),
                    false => sink_of(seams.databases.as_ref(), station, &channel)?.map(RowsIn::new),
                };
                let intake = Intake::of(station, &channel)?;
                let (delivering, waits_for_taking, beside) = (VecDeque::new(), None, Default::default());
                let end = Incoming { sink, delivering, waits_for_taking, rows, intake, beside };
                incoming.insert(channel.channel.clone(), end);
            }
        }
    }
    Ok((outgoing, incoming))
}

fn connect_out(station: &Station, channel: Channel, seams: &Seams) -> Result<Outgoing, EngineFault> {
    let source: Box<dyn Source> = match &channel.source {
        ChannelSource::Folder(source) => Box::new(folder_source(station, &channel, source, seams)),
        ChannelSource::Tables(_) => Box::new(NoFolder),
    };
    let rows = source_of(seams.databases.as_ref(), station, &channel)?.map(RowsOut::new);
    let screen = Screen::new(&channel.screen)?;
    let intake = Intake::of(station, &channel)?;
    Ok(Outgoing { channel, source, screen, away: PuttingAway::default(), rows, intake, waiting: Waiting::new() })
}

fn folder_source(station: &Station, channel: &Channel, source: &SourceConfig, seams: &Seams) -> FolderSource {
    let places = FolderPlaces {
        folder: station.dir.join(&source.folder),
        rejected: station.rejected_dir(&channel.channel),
        duplicates: station.duplicates_dir(&channel.channel),
        archive: station.dir.join(&source.archive).join(channel.channel.to_string()),
    };
    let lang = station.config.station.lang;
    let (files, clock) = (seams.files.clone(), seams.clock.clone());
    let mut source = FolderSource::new(files, clock, channel.channel.clone(), places, source.clone(), lang);
    if seams.second_thread {
        source.remove_beside();
    }
    source
}

fn ownership(sink: &SinkConfig) -> Result<Ownership, ConfigFault> {
    type Number = fn(&str) -> Option<u32>;
    let number = |setting: &'static str, name: &Option<String>, number: Number| match name {
        None => Ok(None),
        Some(name) => number(name).map(Some).ok_or(ConfigFault::Account { setting, name: name.clone() }),
    };
    Ok(Ownership {
        uid: number("sink.owner", &sink.owner, accounts::user_number)?,
        gid: number("sink.group", &sink.group, accounts::group_number)?,
        mode: u32::from_str_radix(&sink.mode, 8).ok(),
    })
}
