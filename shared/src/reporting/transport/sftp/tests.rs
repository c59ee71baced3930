//! Against a real OpenSSH server.

use super::*;
use dukou_servers::ssh::SshServer;
use std::fs;

fn way(server: &SshServer) -> SftpServer {
    let text = format!(
        "host = \"127.0.0.1\"\nport = {}\nuser = {:?}\nkey_file = {:?}\nhost_key = {:?}\nsource_address = \"127.0.0.9\"",
        server.port(),
        server.account(),
        server.key_file(),
        server.fingerprint(),
    );
    toml::from_str(&text).expect("settings")
}

/// The way to a folder of this machine, through the server.
fn to(server: SftpServer, folder: &Path) -> SftpTransport {
    SftpTransport::new(server, folder.display().to_string(), folder)
}

#[test]
fn a_file_lies_on_the_server_whole_and_another_of_its_name_is_never_replaced() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let log = "<AccessLogs/>".repeat(20_000);
    let mut to_server = to(way(&server), dir.path());
    assert_eq!(to_server.give("LogBiz.xml", log.as_bytes()), Given::Placed);
    assert_eq!(to_server.give("LogBiz.xml", b"another"), Given::NothingLeft(Hindrance::Exists));
    assert_eq!(to_server.give("LogBiz.xml", log.as_bytes()), Given::Placed, "the same file lies there");
    assert!(fs::read_to_string(dir.path().join("LogBiz.xml")).expect("the file") == log);
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 1);
}

#[test]
fn a_server_with_another_key_gets_nothing() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let other = SshServer::start();
    let pinned = SftpServer { host_key: other.fingerprint(), ..way(&server) };
    assert_eq!(to(pinned, dir.path()).give("LogBiz.xml", b"log"), Given::NothingLeft(Hindrance::HostKey));
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 0);
}

#[test]
fn what_hinders_signing_in_or_writing_is_told_and_nothing_has_left() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let right = way(&server);
    let stranger = SftpServer { key_file: server.strangers_key_file(), ..right.clone() };
    let no_key = SftpServer { key_file: "no-such-file".into(), ..right.clone() };
    let foreign = SftpServer { source_address: "192.0.2.1".parse().expect("an address"), ..right.clone() };
    for (way, hindrance) in [(stranger, Hindrance::SignIn), (no_key, Hindrance::KeyFile), (foreign, Hindrance::SourceAddress)] {
        assert_eq!(to(way, dir.path()).give("LogBiz.xml", b"log"), Given::NothingLeft(hindrance));
    }
    let mut nowhere = to(right.clone(), &dir.path().join("not-there"));
    assert_eq!(nowhere.give("LogBiz.xml", b"log"), Given::NothingLeft(Hindrance::Folder));
    let key_file = dir.path().join("own.key");
    fs::copy(&right.key_file, &key_file).expect("a copy");
    drop(server);
    let right = SftpServer { key_file, ..right };
    assert_eq!(to(right, dir.path()).give("LogBiz.xml", b"log"), Given::NothingLeft(Hindrance::Connect));
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 1, "its key alone");
}

#[test]
fn a_message_is_given_in_two_steps_and_a_response_read_by_its_exact_name() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let mut front = to(way(&server), dir.path());
    let message = "<Message/>".repeat(10_000);
    for bytes in ["half", &message] {
        front.prepare("Biz1.xml", bytes.as_bytes()).expect("it is written");
    }
    assert_eq!((front.is_prepared("Biz1.xml"), front.fetch("Biz1.xml", 1 << 20)), (Ok(true), Ok(None)));
    assert_eq!(front.publish("Biz1.xml"), Given::Placed);
    assert_eq!(
        (front.is_prepared("Biz1.xml"), front.fetch("Biz1.xml", 1 << 20)),
        (Ok(false), Ok(Some(message.clone().into_bytes())))
    );
    assert_eq!(front.fetch("Biz1.xml", message.len() as u64 - 1), Ok(None), "longer than is wanted");
    front.prepare("Biz1.xml", b"another").expect("it is written");
    assert_eq!(front.publish("Biz1.xml"), Given::NothingLeft(Hindrance::Exists));
    front.discard("Biz1.xml").expect("it is gone");
    assert_eq!(fs::read_to_string(dir.path().join("Biz1.xml")).expect("the file"), message);
    assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 1);
}

#[test]
fn nothing_is_written_or_read_through_a_link_that_somebody_put_on_the_server() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let (folder, secret) = (dir.path().join("front"), dir.path().join("secret"));
    fs::create_dir(&folder).expect("a directory");
    fs::write(&secret, "secret").expect("a file");
    for name in [".LogBiz.xml.part", "Rep1.xml"] {
        std::os::unix::fs::symlink(&secret, folder.join(name)).expect("a link");
    }
    let mut front = to(way(&server), &folder);
    assert_eq!(front.give("LogBiz.xml", b"log"), Given::Placed);
    assert_eq!(front.fetch("Rep1.xml", 100), Ok(None));
    assert_eq!(fs::read_to_string(&secret).expect("the file"), "secret");
}

#[test]
fn a_pipe_in_the_place_of_the_key_file_is_told_at_once() {
    let (server, dir) = (SshServer::start(), tempfile::tempdir().expect("a directory"));
    let key_file = dir.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &key_file, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).expect("a pipe");
    let piped = SftpServer { key_file, ..way(&server) };
    assert_eq!(to(piped, dir.path()).give("LogBiz.xml", b"log"), Given::NothingLeft(Hindrance::KeyFile));
}
