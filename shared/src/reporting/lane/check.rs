//! What a lane's settings may be.

use std::path::Path;

use super::{Lane, MessageLane, Reports, SftpWay, SoapWay, Way};
use crate::channel::{CargoKind, Channel, NO_NUL, has_nul, is_of_the_system, overlap, settled};
use crate::error::ConfigFault;
use crate::registration::day::log::reply::Token;
use crate::reporting::transport::soap::Address;
use crate::station::Station;
use crate::store::Direction;

/// A setting and what it may be.
type Fault = (&'static str, &'static str);

/// Most minutes for which a log waits for its day mark: half a day.
const WAIT_MAX: u32 = 720;
/// Most texts that say that a log was taken.
const TOKENS_MAX: usize = 16;

/// Gives the first setting that is wrong, with what it may be.
pub(super) fn first_fault(lane: &Lane, station: &Station) -> Option<Fault> {
    let log = &lane.log;
    let is_name = (1..=64).contains(&lane.area_name.chars().count()) && !lane.area_name.chars().any(char::is_control);
    let states = lane.count.access_states.as_deref().unwrap_or(&[0]);
    let rules = [
        (is_name, ("area_name", "1–64 字，无控制字符 / 1–64 characters, no control characters")),
        (
            lane.environment == station.config.station.environment,
            (
                "environment",
                "与 station.toml 相同：测试站不向正式平台上报，反之亦然 / as in station.toml: a test station never reports to a production platform, nor the other way round",
            ),
        ),
        (!has_nul(&log.carried_from), ("log.carried_from", NO_NUL)),
        (log.wait_for_day_mark <= WAIT_MAX, ("log.wait_for_day_mark", "0–720")),
        (
            log.tokens.len() <= TOKENS_MAX && log.tokens.iter().all(|token| Token::new(token).is_ok()),
            ("log.tokens", "最多 16 个，各 2–32 个字母或数字 / at most 16, each of 2 to 32 letters or digits"),
        ),
        (
            !states.is_empty() && states.iter().all(|state| *state <= 2),
            ("count.access_states", "0、1、2 中的一个或几个 / some of 0, 1, 2"),
        ),
        (
            lane.reports == Reports::Observe || log.way.is_some(),
            ("log.way", "reports = \"submit\" 时必须有 / must be there with reports = \"submit\""),
        ),
    ];
    let first = rules.into_iter().find(|(holds, _)| !holds).map(|(_, fault)| fault);
    first
        .or_else(|| log.way.as_ref().and_then(|way| of_way(way, station)))
        .or_else(|| lane.messages.as_ref().and_then(|messages| of_messages(messages, lane.reports, station)))
}

fn of_messages(messages: &MessageLane, reports: Reports, station: &Station) -> Option<Fault> {
    let rules = [
        (
            reports == Reports::Submit,
            (
                "messages",
                "只用于 reports = \"submit\"：别的时候报文由现有上报系统取走 / only with reports = \"submit\": else the bureau's system takes the messages",
            ),
        ),
        ((1..=86_400).contains(&messages.first_look_seconds), ("messages.first_look_seconds", "1–86400")),
        ((1..=86_400).contains(&messages.look_every_seconds), ("messages.look_every_seconds", "1–86400")),
    ];
    let first = rules.into_iter().find(|(holds, _)| !holds).map(|(_, fault)| fault);
    first
        .or_else(|| of_folder("messages.biz", &messages.biz, station))
        .or_else(|| of_folder("messages.rep", &messages.rep, station))
}

/// Finds the folders of the channels that a lane names.
///
/// # Errors
/// [`ConfigFault`] when there is no channel of that name, or any channel is wrong.
pub(super) fn settle_channels(messages: &mut MessageLane, station: &Station) -> Result<Option<Fault>, ConfigFault> {
    let side = station.config.station.side;
    let incoming = Channel::named(station, &messages.channel)?;
    let outgoing = Channel::named(station, &messages.answers)?;
    if incoming.direction(side) != Direction::In || incoming.cargo != Some(CargoKind::Messages) {
        return Ok(Some((
            "messages.channel",
            "接收的、写明 cargo = \"messages\" 的通道 / a channel that comes in, declared as cargo = \"messages\"",
        )));
    }
    let is_responses = outgoing.cargo == Some(CargoKind::Responses);
    let (from, into) = match (incoming.sink.folder(), outgoing.source.folder()) {
        (Some(sink), Some(source)) if outgoing.direction(side) == Direction::Out && is_responses => {
            (&sink.folder, &source.folder)
        }
        _ => {
            let rule = "发出的、写明 cargo = \"responses\" 的通道 / a channel that goes out, declared as cargo = \"responses\"";
            return Ok(Some(("messages.answers", rule)));
        }
    };
    (messages.from, messages.into) = (station.dir.join(from), station.dir.join(into));
    Ok(None)
}

fn of_way(way: &Way, station: &Station) -> Option<Fault> {
    match way {
        Way::Folder(way) => of_folder("log.way.folder", &way.folder, station),
        Way::Sftp(way) => of_sftp(way),
        Way::Soap(way) => of_soap(way),
    }
}

fn of_folder(setting: &'static str, folder: &Path, station: &Station) -> Option<Fault> {
    if has_nul(folder) {
        return Some((setting, NO_NUL));
    }
    let folder = settled(&station.dir.join(folder));
    let mut own = station.own_dirs();
    own.extend(["channels", "lanes", "drop", "arrived"].map(|dir| station.dir.join(dir)));
    own.extend([station.ferry_out(), station.ferry_in()]);
    if own.iter().any(|dir| overlap(&settled(dir), &folder)) || is_of_the_system(&folder) {
        return Some((
            setting,
            "与本站和系统自己的目录分开的目录 / a directory apart from the station's own ones and the system's",
        ));
    }
    None
}

fn of_sftp(way: &SftpWay) -> Option<Fault> {
    let is_word = |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_path = way.folder.starts_with('/')
        && way.folder.len() <= 1024
        && !way.folder.split('/').any(|part| part == ".." || part == ".")
        && !way.folder.chars().any(char::is_control);
    let is_fingerprint = way.host_key.strip_prefix("SHA256:").is_some_and(|text| {
        text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    });
    let is_own = !way.source_address.is_unspecified() && !way.source_address.is_multicast();
    let rules = [
        (is_word(&way.host), ("log.way.host", "主机名或地址 / a name or an address")),
        (way.port > 0, ("log.way.port", "1–65535")),
        (is_word(&way.user), ("log.way.user", "对方的账号 / an account there")),
        (!has_nul(&way.key_file), ("log.way.key_file", NO_NUL)),
        (
            is_fingerprint,
            (
                "log.way.host_key",
                "SHA256: 加 43 个字符，见 ssh-keygen -lf / SHA256: and 43 characters, as ssh-keygen -lf shows them",
            ),
        ),
        (is_path, ("log.way.folder", "绝对路径，不含 .. / an absolute path without ..")),
        (is_own, ("log.way.source_address", "本机的一个地址 / one address of this machine")),
        ((5..=300).contains(&way.timeout_seconds), ("log.way.timeout_seconds", "5–300")),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, fault)| fault)
}

fn of_soap(way: &SoapWay) -> Option<Fault> {
    const NAME: &str = "字母开头，1–64 个字母、数字、_、- / 1–64 letters, digits, _ or -, a letter first";
    const PRINTED: &str = "1–256 个可见的 ASCII 字符，无引号和 <>& / 1–256 visible ASCII characters without quotes and <>&";
    let is_name = |text: &str| {
        (1..=64).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let is_printed = |text: &str| {
        (1..=256).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'&' | b'\\'))
    };
    let is_own = !way.source_address.is_unspecified() && !way.source_address.is_multicast();
    let rules = [
        (
            Address::parse(&way.url).is_some(),
            ("log.way.url", "http://主机[:端口]/路径，不带账号 / http://host[:port]/path, without an account"),
        ),
        (is_printed(&way.action), ("log.way.action", PRINTED)),
        (is_printed(&way.namespace), ("log.way.namespace", PRINTED)),
        (is_name(&way.operation), ("log.way.operation", NAME)),
        (is_name(&way.parameter), ("log.way.parameter", NAME)),
        (is_own, ("log.way.source_address", "本机的一个地址 / one address of this machine")),
        ((5..=300).contains(&way.timeout_seconds), ("log.way.timeout_seconds", "5–300")),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, fault)| fault)
}
