//! What people put down beside a station: its settings, and the requests of its commands.

use std::fs;
use std::path::{Path, PathBuf};

use dukou_shared::alarm::calendar::Calendar;
use dukou_shared::channel::Channel;
use dukou_shared::error::ConfigFault;
use dukou_shared::ferry::profile::Profile;
use dukou_shared::lang::Lang;
use dukou_shared::reporting::lane::Lane;
use dukou_shared::requests::Request;
use dukou_shared::station::Station;

use super::seeds;

/// A refusal has a sentence in both languages.
fn taken<T>(read: Result<T, ConfigFault>) -> bool {
    if let Err(fault) = &read {
        assert!(!fault.sentence(Lang::Zh).is_empty() && !fault.sentence(Lang::En).is_empty(), "{fault:?}");
    }
    read.is_ok()
}

/// Makes the directory of a station of that side, without keys and state.
fn place(side: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for folder in ["channels", "lanes", "profiles"] {
        fs::create_dir(dir.path().join(folder)).expect("a folder is made");
    }
    let text = String::from_utf8(seeds::file("tests/data/settings/station.toml")).expect("settings are text");
    fs::write(dir.path().join("station.toml"), text.replace("side = \"outer\"", &format!("side = \"{side}\"")))
        .expect("it is written");
    fs::write(dir.path().join("profiles/plain-folder.toml"), seeds::file("deploy/profiles/plain-folder.toml"))
        .expect("it is written");
    dir
}

fn written(dir: &Path, file: &str, bytes: &[u8]) -> PathBuf {
    fs::write(dir.join(file), bytes).expect("settings are written");
    dir.to_path_buf()
}

pub(super) fn station(bytes: &[u8]) -> bool {
    thread_local!(static PLACE: tempfile::TempDir = place("outer"));
    PLACE.with(|place| taken(Station::load(&written(place.path(), "station.toml", bytes))))
}

pub(super) fn station_seeds() -> Vec<Vec<u8>> {
    vec![seeds::file("tests/data/settings/station.toml")]
}

pub(super) fn channel(bytes: &[u8]) -> bool {
    thread_local!(static PLACE: (tempfile::TempDir, Station) = {
        let dir = place("outer");
        let station = Station::load(dir.path()).expect("the station is good");
        (dir, station)
    });
    PLACE.with(|place| {
        written(place.0.path(), "channels/report-message.toml", bytes);
        taken(Channel::load_all(&place.1))
    })
}

pub(super) fn channel_seeds() -> Vec<Vec<u8>> {
    let mut channels = vec![seeds::file("tests/data/settings/channel.toml")];
    channels.extend(seeds::files("deploy/register", ".toml"));
    channels.extend(seeds::files("deploy/cadastre/channels", ".toml"));
    channels
}

pub(super) fn lane(bytes: &[u8]) -> bool {
    thread_local!(static PLACE: (tempfile::TempDir, Station) = {
        let dir = place("inner");
        let station = Station::load(dir.path()).expect("the station is good");
        (dir, station)
    });
    PLACE.with(|place| {
        written(place.0.path(), "lanes/150721.toml", bytes);
        taken(Lane::load_all(&place.1))
    })
}

pub(super) fn lane_seeds() -> Vec<Vec<u8>> {
    vec![seeds::file("tests/data/settings/lane.toml"), seeds::file("deploy/register/lane.toml")]
}

pub(super) fn profile(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| taken(Profile::parse(Path::new("a.toml"), text)))
}

pub(super) fn profile_seeds() -> Vec<Vec<u8>> {
    seeds::files("deploy/profiles", ".toml")
}

pub(super) fn calendar(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| taken(Calendar::parse(Path::new("a.toml"), text)))
}

pub(super) fn calendar_seeds() -> Vec<Vec<u8>> {
    vec![["hours", "2026", "2027"].map(|part| seeds::file(&format!("deploy/calendar/{part}.toml"))).concat()]
}

/// A request that is taken can be written and read again.
pub(super) fn request(bytes: &[u8]) -> bool {
    let read: Result<Request, _> = serde_json::from_slice(bytes);
    if let Ok(request) = &read {
        let text = serde_json::to_string(request).expect("a request has a JSON form");
        assert_eq!(serde_json::from_str::<Request>(&text).ok().as_ref(), Some(request));
    }
    read.is_ok()
}

pub(super) fn request_seeds() -> Vec<Vec<u8>> {
    vec![br#"{"verb":"resend","channel":"files","from":1,"to":7,"operator":"admin"}"#.to_vec()]
}
