//! What a lane's settings may be.

use std::path::Path;

use super::{Lane, MessageLane, Reports, SftpServer, SoapWay, Way};
use crate::channel::{CargoKind, Channel, NO_NUL, has_nul, is_of_the_system, overlap, settled};
use crate::error::ConfigFault;
use crate::registration::day::log::reply::Token;
use crate::reporting::transport::soap::Address;
use crate::station::Station;
use crate::store::Direction;

/// A setting and what it may be.
type Fault = (&'static str, &'static str);

const APART: &str = "与本站和系统自己的目录、通道的目录分开的目录 / a directory apart from the station's own ones, its channels' and the system's";
const FAR_FOLDER: &str = "绝对路径，不含 .. / an absolute path without ..";

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
            !log.send_by_itself || (lane.reports == Reports::Submit && log.build_at.is_some()),
            (
                "log.send_by_itself",
                "只与 reports = \"submit\" 和 build_at 一起用 / only with reports = \"submit\" and build_at",
            ),
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
    let folders = [("messages.biz", &messages.biz), ("messages.rep", &messages.rep)];
    first.or_else(|| match &messages.sftp {
        None => folders.into_iter().find_map(|(setting, folder)| of_folder(setting, folder, station)),
        Some(server) => {
            let far = folders.into_iter().find(|(_, folder)| !folder.to_str().is_some_and(is_far_folder));
            far.map(|(setting, _)| (setting, FAR_FOLDER)).or_else(|| of_server(&MESSAGES_SFTP, server))
        }
    })
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
    // What is placed is taken away from where it arrived, and what is fetched goes to where it leaves: neither may be the front machine's own.
    let is_own = |folder: &Path| {
        let folder = settled(&station.dir.join(folder));
        messages.sftp.is_none() && [&messages.from, &messages.into].into_iter().any(|own| overlap(&settled(own), &folder))
    };
    Ok(match (is_own(&messages.biz), is_own(&messages.rep)) {
        (true, _) => Some(("messages.biz", APART)),
        (_, true) => Some(("messages.rep", APART)),
        _ => None,
    })
}

fn of_way(way: &Way, station: &Station) -> Option<Fault> {
    match way {
        Way::Folder(way) => of_folder("log.way.folder", &way.folder, station),
        Way::Sftp(way) if !is_far_folder(&way.folder) => Some(("log.way.folder", FAR_FOLDER)),
        Way::Sftp(way) => of_server(&WAY_SFTP, &way.server),
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
        return Some((setting, APART));
    }
    None
}

fn is_far_folder(folder: &str) -> bool {
    folder.starts_with('/')
        && folder.len() <= 1024
        && !folder.split('/').any(|part| part == ".." || part == ".")
        && !folder.chars().any(char::is_control)
}

/// Names of an SFTP server's settings, as the rules below name them in turn.
type ServerSettings = [&'static str; 7];

const WAY_SFTP: ServerSettings = [
    "log.way.server.host",
    "log.way.server.port",
    "log.way.server.user",
    "log.way.server.key_file",
    "log.way.server.host_key",
    "log.way.server.source_address",
    "log.way.server.timeout_seconds",
];
const MESSAGES_SFTP: ServerSettings = [
    "messages.sftp.host",
    "messages.sftp.port",
    "messages.sftp.user",
    "messages.sftp.key_file",
    "messages.sftp.host_key",
    "messages.sftp.source_address",
    "messages.sftp.timeout_seconds",
];

fn of_server(settings: &ServerSettings, server: &SftpServer) -> Option<Fault> {
    let is_word = |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_fingerprint = server.host_key.strip_prefix("SHA256:").is_some_and(|text| {
        text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    });
    let is_own = !server.source_address.is_unspecified() && !server.source_address.is_multicast();
    let rules = [
        (is_word(&server.host), "主机名或地址 / a name or an address"),
        (server.port > 0, "1–65535"),
        (is_word(&server.user), "对方的账号 / an account there"),
        (!has_nul(&server.key_file), NO_NUL),
        (is_fingerprint, "SHA256: 加 43 个字符，见 ssh-keygen -lf / SHA256: and 43 characters, as ssh-keygen -lf shows them"),
        (is_own, "本机的一个地址 / one address of this machine"),
        ((5..=300).contains(&server.timeout_seconds), "5–300"),
    ];
    let wrong = settings.iter().zip(rules).find(|(_, (holds, _))| !holds);
    wrong.map(|(setting, (_, rule))| (*setting, rule))
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
            ("log.way.url", "http(s)://主机[:端口]/路径，不带账号 / http(s)://host[:port]/path, without an account"),
        ),
        (
            Address::parse(&way.url).is_some_and(|address| address.is_tls() == way.ca_file.is_some())
                && !way.ca_file.as_ref().is_some_and(|file| has_nul(file)),
            ("log.way.ca_file", "https:// 时必须有，http:// 时没有 / must be there with https://, and not with http://"),
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
