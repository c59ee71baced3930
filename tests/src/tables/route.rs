//! Two stations with a channel between two databases.

use std::fs;

use dukou_servers::proxy::Proxy;

use super::end::End;
use super::land::{References, TABLES, schema};
use super::session::Dialect;
use super::structure::first;
use super::structure::witness::stamp;
use crate::stations::pair::Pair;
use crate::stations::station::Station;

/// The channel.
pub const CHANNEL: &str = "units";

/// What of a route may be other than usual.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// A proxy in front of the source's server.
    pub source_proxy: Option<&'a Proxy>,
    /// A proxy in front of the sink's server.
    pub sink_proxy: Option<&'a Proxy>,
    /// Most records of a packet.
    pub max_records: u32,
    /// Further lines of `[sink]`.
    pub sink_lines: &'a str,
    /// Further lines of the channel's head.
    pub head_lines: &'a str,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self { source_proxy: None, sink_proxy: None, max_records: 40, sink_lines: "", head_lines: "" }
    }
}

/// Makes two stations that scan every second and answer each other, with a channel of these tables, outer to inner.
///
/// # Panics
/// Panics when a station cannot be made.
#[must_use]
#[track_caller]
pub fn stations(from: &End, to: &End, tables: &[&str], settings: Settings<'_>) -> Pair {
    let pair = Pair::new().quick();
    let named: Vec<String> = tables.iter().map(|name| format!("{:?}", from.table(name))).collect();
    let renamed: String = tables.iter().map(|name| format!("{:?} = {:?}\n", from.table(name), to.table(name))).collect();
    let secret = |end: &End| end.password().map_or("", |_| "database_password_file = \"database.password\"\n");
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\n{}\n[batch]\nmax_records = {}\nlinger_ms = 20\n\n[source]\ndatabase = {:?}\n{}tables = [{}]\npoll_seconds = 0\n\n\
         [sink]\ndatabase = {:?}\n{}{}\n[sink.tables]\n{renamed}",
        settings.head_lines,
        settings.max_records,
        from.station_url(settings.source_proxy),
        secret(from),
        named.join(", "),
        to.station_url(settings.sink_proxy),
        secret(to),
        settings.sink_lines,
    );
    for station in [&pair.outer, &pair.inner] {
        write_private(station, "database.password", from.password().or(to.password()).unwrap_or_default());
        fs::write(station.path(format!("channels/{CHANNEL}.toml")), &text).expect("a station's own file");
        station.set("link", "way_back = true\nsignal_seconds = 1\nresend_after_seconds = 2");
    }
    pair.trust_each_other();
    pair
}

/// Makes the three tables at both ends; the source follows what it declares as far as it may.
///
/// # Panics
/// Panics when a database refuses.
#[track_caller]
pub fn lay_out(from: &End, to: &End, sink: References) {
    if from.dialect() == Dialect::Sqlite {
        from.run("PRAGMA journal_mode = WAL");
    }
    from.run(&schema(from.dialect(), References::Cascading));
    to.run(&schema(to.dialect(), sink));
}

/// Makes the first version of the tables with a structure at both ends; SQLite makes tables anew that do nothing by themselves alone.
///
/// # Panics
/// Panics when a database refuses.
#[track_caller]
pub fn lay_out_structured(from: &End, to: &End) {
    for end in [from, to].into_iter().filter(|end| end.dialect() == Dialect::Sqlite) {
        end.run("PRAGMA journal_mode = WAL");
    }
    let acts = if from.dialect() == Dialect::Postgres { " ON UPDATE CASCADE ON DELETE CASCADE" } else { "" };
    from.run(&first(from.dialect(), acts));
    // A stock that is pushed while it is written needs a sink that takes a child for a moment behind its parent's removal; SQLite's tables made anew declare what the structure says.
    let refers = match to.dialect() {
        Dialect::Sqlite => [""; 2],
        _ => [", FOREIGN KEY (zd) REFERENCES zd (dm)", ", FOREIGN KEY (h_bm, h_xh) REFERENCES h (bm, xh)"],
    };
    let declared = first(to.dialect(), "");
    to.run(&refers.iter().filter(|refers| !refers.is_empty()).fold(declared, |sql, refers| sql.replace(refers, "")));
    stamp(from);
}

/// Gives the tables of the test with a structure: a dictionary beside the others.
#[must_use]
pub fn structured_tables() -> &'static [&'static str] {
    &["zdyt", "zd", "h", "qlr"]
}

/// Gives the tables of the test.
#[must_use]
pub fn tables() -> &'static [&'static str] {
    &TABLES
}

fn write_private(station: &Station, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = station.path(name);
    fs::write(&path, text).expect("a station's own file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a station's own file");
}
