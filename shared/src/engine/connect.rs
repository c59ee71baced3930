//! The connectors of a station's channels: a source for each that leaves from here, a sink for each that arrives.
//!
//! Given: checked channels. Gives: connectors over the file seam; nothing is touched yet. After a crash: the same again. Never: an account that
//! this machine does not know taken for another one.

use super::{Incoming, Outgoing, Seams};
use crate::accounts;
use crate::channel::Channel;
use crate::connectors::folder::sink::FolderSink;
use crate::connectors::folder::source::{FolderPlaces, FolderSource};
use crate::error::{ConfigFault, EngineFault};
use crate::seams::Ownership;
use crate::send::put_away::PuttingAway;
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
                let own = ownership(&channel)?;
                let sink = FolderSink::new(seams.files.clone(), station.dir.join(&channel.sink.folder), own);
                incoming.insert(
                    channel.channel.clone(),
                    Incoming { sink: Box::new(sink), delivering: VecDeque::new(), waits_for_taking: None },
                );
            }
        }
    }
    Ok((outgoing, incoming))
}

fn connect_out(station: &Station, channel: Channel, seams: &Seams) -> Result<Outgoing, EngineFault> {
    let places = FolderPlaces {
        folder: station.dir.join(&channel.source.folder),
        rejected: station.rejected_dir(&channel.channel),
        duplicates: station.duplicates_dir(&channel.channel),
        archive: station.dir.join(&channel.source.archive).join(channel.channel.to_string()),
    };
    let lang = station.config.station.lang;
    let source = FolderSource::new(
        seams.files.clone(),
        seams.clock.clone(),
        channel.channel.clone(),
        places,
        channel.source.clone(),
        lang,
    );
    let screen = Screen::new(&channel.screen)?;
    Ok(Outgoing { channel, source: Box::new(source), screen, away: PuttingAway::default() })
}

fn ownership(channel: &Channel) -> Result<Ownership, ConfigFault> {
    type Number = fn(&str) -> Option<u32>;
    let number = |setting: &'static str, name: &Option<String>, number: Number| match name {
        None => Ok(None),
        Some(name) => number(name).map(Some).ok_or(ConfigFault::Account { setting, name: name.clone() }),
    };
    Ok(Ownership {
        uid: number("sink.owner", &channel.sink.owner, accounts::user_number)?,
        gid: number("sink.group", &channel.sink.group, accounts::group_number)?,
        mode: u32::from_str_radix(&channel.sink.mode, 8).ok(),
    })
}
