use super::*;

/// A station's directory with one lane.
fn station(lane: &str) -> (tempfile::TempDir, Station) {
    let dir = tempfile::tempdir().expect("a directory");
    let config =
        "[station]\nid = \"00112233445566778899aabbccddeeff\"\nname = \"内网站\"\nside = \"inner\"\nenvironment = \"test\"";
    let station = Station { dir: dir.path().to_path_buf(), config: toml::from_str(config).expect("a configuration") };
    std::fs::create_dir(dir.path().join("lanes")).expect("a directory");
    std::fs::write(dir.path().join("lanes/150721.toml"), lane).expect("a file");
    (dir, station)
}

const OBSERVED: &str =
    "area = \"150721\"\narea_name = \"阿荣旗\"\nreports = \"observe\"\nenvironment = \"test\"\n[log]\nsource = \"built\"\n";
const SOAP: &str = "[log.way]\ntransport = \"soap\"\nurl = \"http://10.1.2.3/log.asmx\"\nsource_address = \"10.1.2.4\"\n";

/// A server without the fingerprint of its key.
const SFTP: &str = "[log.way]\ntransport = \"sftp\"\nfolder = \"/LogMsg\"\n[log.way.server]\nhost = \"10.1.2.3\"\nuser = \"ferry\"\nkey_file = \"keys/sftp\"\nhost_key = \"\"\nsource_address = \"10.1.2.4\"\n";

#[test]
fn a_lane_that_observes_needs_no_way_and_counts_as_its_county_does() {
    let (_dir, station) = station(OBSERVED);
    let lanes = Lane::load_all(&station).expect("a lane");
    let [lane] = lanes.as_slice() else { panic!("{lanes:?}") };
    assert_eq!((lane.reports, lane.log.source, lane.edition()), (Reports::Observe, LogSource::Built, Edition::New));
    assert_eq!((lane.settings().access_day, lane.wait_ms()), (AccessDay::Report, 20 * 60_000));
}

#[test]
fn who_reports_and_which_log_goes_have_no_default() {
    for missing in ["reports = \"observe\"\n", "source = \"built\"\n", "environment = \"test\"\n", "area = \"150721\"\n"] {
        let (_dir, station) = station(&OBSERVED.replace(missing, ""));
        assert!(matches!(Lane::load_all(&station), Err(ConfigFault::Toml { .. })), "{missing}");
    }
}

#[test]
fn each_wrong_setting_is_named() {
    let submit = OBSERVED.replace("observe", "submit") + SOAP;
    let (_dir, right) = station(&submit);
    assert_eq!(Lane::load_all(&right).expect("a lane").len(), 1);
    for (from, to, setting) in [
        ("\"test\"", "\"production\"", "environment"),
        ("\"阿荣旗\"", "\"\"", "area_name"),
        (SOAP, "", "log.way"),
        ("http://", "https://", "log.way.ca_file"),
        ("http://", "ftp://", "log.way.url"),
        ("source_address", "ca_file = \"ca.pem\"\nsource_address", "log.way.ca_file"),
        ("\"10.1.2.4\"", "\"0.0.0.0\"", "log.way.source_address"),
        ("source = \"built\"", "source = \"built\"\ntokens = [\"0\"]", "log.tokens"),
        ("source = \"built\"", "source = \"built\"\nwait_for_day_mark = 721", "log.wait_for_day_mark"),
        ("source = \"built\"", "source = \"built\"\nsend_by_itself = true", "log.send_by_itself"),
        ("[log]", "[count]\naccess_states = [3]\n[log]", "count.access_states"),
        (SOAP, "[log.way]\ntransport = \"folder\"\nfolder = \"keys\"\n", "log.way.folder"),
        (SOAP, "[log.way]\ntransport = \"folder\"\nfolder = \"/etc\"\n", "log.way.folder"),
        (SOAP, SFTP, "log.way.server.host_key"),
    ] {
        let (_dir, station) = station(&submit.replace(from, to));
        let fault = Lane::load_all(&station).expect_err(setting);
        assert!(matches!(&fault, ConfigFault::Setting { setting: named, .. } if *named == setting), "{setting}: {fault:?}");
    }
}

#[test]
fn a_county_has_one_lane_and_the_outer_station_none() {
    let (dir, mut station) = station(OBSERVED);
    station.config.station.side = Side::Outer;
    assert!(matches!(Lane::load_all(&station), Err(ConfigFault::Setting { setting: "lanes", .. })));
    station.config.station.side = Side::Inner;
    std::fs::write(dir.path().join("lanes/again.toml"), OBSERVED).expect("a file");
    assert!(matches!(Lane::load_all(&station), Err(ConfigFault::Setting { setting: "area", .. })));
}

#[test]
fn the_shipped_example_names_every_setting_and_is_read() {
    let text = include_str!("../../../../deploy/register/lane.toml");
    let lane: Lane = toml::from_str(text).expect("a lane");
    assert_eq!((lane.reports, lane.tokens().len()), (Reports::Submit, 1));
    assert!(lane.messages.is_some() && matches!(lane.log.way, Some(Way::Soap(_))));
    let chinese = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
    for comment in text.lines().filter_map(|line| line.split_once("# ")).map(|(_, comment)| comment) {
        let english = comment.rsplit_once(chinese).map(|(_, behind)| behind).unwrap_or_default();
        assert!(english.split(|letter: char| !letter.is_ascii_lowercase()).any(|word| word.len() > 2), "{comment}");
    }
}
