//! Against a real OpenSSH server.

use super::*;
use dukou_servers::ssh::SshServer;
use std::fs;

fn way(server: &SshServer, folder: &Path) -> SftpWay {
    let text = format!(
        "host = \"127.0.0.1\"\nport = {}\nuser = {:?}\nkey_file = {:?}\nhost_key = {:?}\nfolder = {:?}\nsource_address = \"127.0.0.9\"",
        server.port(),
        server.account(),
        server.key_file(),
        server.fingerprint(),
        folder,
    );
    toml::from_str(&text).expect("settings")
}

#[test]
fn a_file_lies_on_the_server_whole_and_another_of_its_name_is_never_replaced() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let log = "<AccessLogs/>".repeat(20_000);
    let mut to_server = SftpTransport::new(way(&server, dir.path()), dir.path());
    assert_eq!(to_server.give("LogBiz.xml", log.as_bytes()), Given::Placed);
    assert_eq!(to_server.give("LogBiz.xml", b"another"), Given::NothingLeft(Hindrance::Exists));
    assert!(fs::read_to_string(dir.path().join("LogBiz.xml")).expect("the file") == log);
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 1);
}

#[test]
fn a_server_with_another_key_gets_nothing() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let other = SshServer::start();
    let pinned = SftpWay { host_key: other.fingerprint(), ..way(&server, dir.path()) };
    assert_eq!(SftpTransport::new(pinned, dir.path()).give("LogBiz.xml", b"log"), Given::NothingLeft(Hindrance::HostKey));
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 0);
}

#[test]
fn what_hinders_signing_in_or_writing_is_told_and_nothing_has_left() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let right = way(&server, dir.path());
    let stranger = SftpWay { key_file: server.strangers_key_file(), ..right.clone() };
    let no_key = SftpWay { key_file: "no-such-file".into(), ..right.clone() };
    let no_folder = SftpWay { folder: dir.path().join("not-there").display().to_string(), ..right.clone() };
    let foreign = SftpWay { source_address: "192.0.2.1".parse().expect("an address"), ..right.clone() };
    for (way, hindrance) in [
        (stranger, Hindrance::SignIn),
        (no_key, Hindrance::KeyFile),
        (no_folder, Hindrance::Folder),
        (foreign, Hindrance::SourceAddress),
    ] {
        assert_eq!(SftpTransport::new(way, dir.path()).give("LogBiz.xml", b"log"), Given::NothingLeft(hindrance));
    }
    let key_file = dir.path().join("own.key");
    fs::copy(&right.key_file, &key_file).expect("a copy");
    drop(server);
    let right = SftpWay { key_file, ..right };
    assert_eq!(SftpTransport::new(right, dir.path()).give("LogBiz.xml", b"log"), Given::NothingLeft(Hindrance::Connect));
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 1, "its key alone");
}
