//! Every reader of bytes from outside as a plain function: what a test feeds with mutants, and what `tests/fuzz` hands to libFuzzer.
//!
//! Given: any bytes. Gives: whether the reader took them. Never: a panic that is not a fault of the product; what a reader promises of the bytes that
//! it takes (that it writes them the same again, that a fault has words) is held here, too.

pub mod mutants;
mod packets;
mod registration;
mod schema;
pub mod seeds;
mod settings;
mod tables;

/// A reader of bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// What it is called: its file in `tests/fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Lets it read, and tells whether it took the bytes.
    pub feed: fn(&[u8]) -> bool,
    /// Bytes to begin with: at least one of them is taken.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutants a test feeds it with: fewer where one costs more.
    pub mutants: usize,
}

const fn reader(name: &'static str, feed: fn(&[u8]) -> bool, seeds: fn() -> Vec<Vec<u8>>, mutants: usize) -> Reader {
    Reader { name, feed, seeds, mutants }
}

/// All of them.
pub const READERS: [Reader; 36] = [
    reader("armor", packets::armor, packets::armor_seeds, 4000),
    reader("calendar", settings::calendar, settings::calendar_seeds, 3000),
    reader("channel-settings", settings::channel, settings::channel_seeds, 1000),
    reader("check-output", schema::output, schema::output_seeds, 3000),
    reader("checkpoint", packets::checkpoint, packets::checkpoint_seeds, 4000),
    reader("column-list", tables::columns, tables::columns_seeds, 4000),
    reader("column-values", tables::values, tables::values_seeds, 4000),
    reader("day-mark", registration::day_mark, registration::day_mark_seeds, 4000),
    reader("device-profile", settings::profile, settings::profile_seeds, 3000),
    reader("disc-manifest", packets::manifest, packets::manifest_seeds, 4000),
    reader("epoch-opening", packets::opening, packets::opening_seeds, 4000),
    reader("gap-report", packets::gap_report, packets::gap_report_seeds, 4000),
    reader("gap-rows", packets::gap_rows, packets::gap_rows_seeds, 4000),
    reader("keyring", packets::keyring, packets::keyring_seeds, 4000),
    reader("lane-settings", settings::lane, settings::lane_seeds, 1000),
    reader("log-folder", packets::log_folder, packets::log_folder_seeds, 300),
    reader("log-line", packets::log_line, packets::log_line_seeds, 8000),
    reader("log-reply", registration::reply, registration::reply_seeds, 6000),
    reader("marker", packets::marker, packets::marker_seeds, 4000),
    reader("packet", packets::packet, packets::packet_seeds, 2000),
    reader("packet-header", packets::header, packets::header_seeds, 8000),
    reader("records", packets::records, packets::records_seeds, 8000),
    reader("reference-data", registration::reference, registration::reference_seeds, 60),
    reader("register-row", registration::register_row, registration::register_row_seeds, 4000),
    reader("registration", registration::cargo, registration::cargo_seeds, 2000),
    reader("repair-table", packets::parity, packets::parity_seeds, 4000),
    reader("request", settings::request, settings::request_seeds, 4000),
    reader("row-change", tables::change, tables::change_seeds, 8000),
    reader("row-run", tables::run, tables::run_seeds, 8000),
    reader("schema-document", schema::document, schema::document_seeds, 2000),
    reader("schema-structure", schema::structure, schema::structure_seeds, 2000),
    reader("signal", packets::signal, packets::signal_seeds, 4000),
    reader("station-settings", settings::station, settings::station_seeds, 1000),
    reader("table-extract", tables::extract, tables::extract_seeds, 2000),
    reader("write-off", registration::write_off, registration::write_off_seeds, 4000),
    reader("xsd-set", registration::official, registration::official_seeds, 1000),
];

/// Lets the reader of that name read.
///
/// # Panics
/// Panics where there is none, and where the reader breaks what it promises.
pub fn feed(name: &str, bytes: &[u8]) {
    let reader = READERS.iter().find(|reader| reader.name == name);
    (reader.expect("a reader of that name").feed)(bytes);
}
