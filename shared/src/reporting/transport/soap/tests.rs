//! A web service that does what a test tells it: a real server on a real connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use dukou_servers::certificates::{Certificates, authority};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::registration::day::log::reply::{ReplyClass, Token, classify};

/// Takes one call, gives what came to the receiver, and answers with these bytes; with none it closes the connection.
fn serve(answer: Option<String>) -> (String, Receiver<(String, String, IpAddr)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/exchange.asmx", listener.local_addr().expect("an address"));
    let (told, heard) = channel();
    std::thread::spawn(move || {
        let (stream, from) = listener.accept().expect("a call");
        let (head, body) = taken(&stream);
        let _ = told.send((head, body, from.ip()));
        if let Some(answer) = answer {
            let _ = (&stream).write_all(answer.as_bytes());
        }
    });
    (url, heard)
}

fn taken(stream: &TcpStream) -> (String, String) {
    let (mut reader, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).expect("a line") > 0, "{head}");
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body).expect("the body");
    (head, String::from_utf8(body).expect("text"))
}

fn way(url: &str) -> SoapWay {
    let text = format!("url = {url:?}\nsource_address = \"127.0.0.1\"\ntimeout_seconds = 5");
    toml::from_str(&text).expect("settings")
}

fn to(way: SoapWay) -> SoapTransport {
    SoapTransport::new(way, Path::new("/nowhere"))
}

fn ok(body: &str) -> Option<String> {
    Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

#[test]
fn a_log_in_another_encoding_is_not_sent_and_the_reason_is_that() {
    let log = encoding_rs::GBK.encode("<?xml version=\"1.0\" encoding=\"GBK\"?><AccessLogs>阿荣旗</AccessLogs>").0;
    let given = to(way("http://127.0.0.1:9/")).give("LogBiz.xml", &log);
    assert_eq!(given, Given::NothingLeft(Hindrance::Encoding));
    assert!(Hindrance::Encoding.words(crate::lang::Lang::Zh).contains("UTF-8"));
}

#[test]
fn a_log_arrives_in_its_envelope_from_the_configured_address() {
    let (url, heard) = serve(ok("<RespondLog><responseLogCode>0200</responseLogCode></RespondLog>"));
    let mut settings = way(&url);
    settings.source_address = "127.0.0.9".parse().expect("an address");
    let given = to(settings).give("LogBiz.xml", "<AccessLogs a=\"1\">&amp;阿荣旗</AccessLogs>".as_bytes());
    let Given::Answered(reply) = given else { panic!("{given:?}") };
    assert_eq!(classify(&reply, &[]).class, ReplyClass::Accepted);
    let (head, body, from) = heard.recv().expect("a call");
    assert!(head.starts_with("POST /exchange.asmx HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("soapaction: \"http://tempuri.org/exchangeinfo\"\r\n"), "{head}");
    assert!(body.contains("<exchangeInfo xmlns=\"http://tempuri.org/\"><biz>&lt;AccessLogs a=\"1\"&gt;&amp;amp;阿荣旗&lt;/AccessLogs&gt;</biz></exchangeInfo>"), "{body}");
    assert_eq!(from.to_string(), "127.0.0.9");
}

#[test]
fn a_server_that_takes_the_log_and_drops_the_answer_leaves_it_unsure() {
    let (url, heard) = serve(None);
    assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Cut));
    assert!(heard.recv().expect("a call").1.contains("AccessLogs"));
    let (url, _heard) = serve(Some("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<Respond".into()));
    assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Cut));
}

#[test]
fn a_reply_that_ends_where_the_connection_does_is_believed_only_as_a_whole_document() {
    let (url, _heard) = serve(Some("HTTP/1.1 200 OK\r\n\r\n0000".into()));
    assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Unended));
    for (body, class) in [
        ("<RespondLog><responseLogCode>0200</responseLogCode></RespondLog>", ReplyClass::Accepted),
        ("<RespondLog><responseLogCode>0200</responseLogCode></Respond", ReplyClass::Unknown),
    ] {
        let (url, _heard) = serve(Some(format!("HTTP/1.1 200 OK\r\n\r\n{body}")));
        let Given::Answered(reply) = to(way(&url)).give("", b"<AccessLogs/>") else { panic!("{body}") };
        assert_eq!(classify(&reply, &[]).class, class, "{body}");
    }
}

#[test]
fn interim_answers_trailers_endless_and_creeping_replies_are_no_acceptance_that_is_none() {
    let whole = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0000\r\n0\r\nX-Late: 04001\r\n\r\n";
    let (url, _heard) = serve(Some(whole.into()));
    assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Answered(b"0000".to_vec()));
    let cut = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0000\r\n";
    let (url, _heard) = serve(Some(cut.into()));
    assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Cut));
    let endless = format!("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{}", "0".repeat(REPLY_BYTES_MAX + 1));
    let (url, _heard) = serve(Some(endless));
    assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::TooLong));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    // It stays connected and says nothing more.
    let creeping = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a call");
        taken(&stream);
        let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n000");
        let _ = (&stream).read_to_end(&mut Vec::new());
    });
    assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Timeout));
    creeping.join().expect("it ended when the caller did");
}

#[test]
fn any_status_but_200_leaves_it_unsure_and_a_redirection_is_not_followed() {
    for status in [201, 302, 307, 404, 500, 502] {
        let answer = format!("HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 4\r\n\r\n0000");
        let (url, _heard) = serve(Some(answer));
        assert_eq!(to(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Status(status)));
    }
}

#[test]
fn each_reply_is_classed_as_it_is() {
    let tokens = [Token::new("0000").expect("a token")];
    let soap = |text: &str| {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><exchangeInfoResponse><exchangeInfoResult>{text}</exchangeInfoResult></exchangeInfoResponse></s:Body></s:Envelope>"
        )
    };
    for (body, class) in [
        (
            soap("&lt;RespondLog&gt;&lt;responseLogCode&gt;0200&lt;/responseLogCode&gt;&lt;/RespondLog&gt;"),
            ReplyClass::Accepted,
        ),
        (soap("0000"), ReplyClass::Accepted),
        (
            soap("&lt;RespondLog&gt;&lt;responseLogCode&gt;04012&lt;/responseLogCode&gt;&lt;/RespondLog&gt;"),
            ReplyClass::Refused,
        ),
        (soap("报文 150721240315000000 未入库"), ReplyClass::Unknown),
        ("<html><body>0000</body></html>".into(), ReplyClass::Unknown),
        (String::new(), ReplyClass::Unknown),
    ] {
        let (url, _heard) = serve(ok(&body));
        let given = to(way(&url)).give("", b"<AccessLogs/>");
        let Given::Answered(reply) = given else { panic!("{body}: {given:?}") };
        assert_eq!(classify(&reply, &tokens).class, class, "{body}");
    }
}

#[test]
fn where_no_connection_stands_nothing_has_left() {
    let refused =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port that is free again");
    let nobody = way(&format!("http://{refused}/"));
    assert_eq!(to(nobody).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::Connect));
    let (url, _heard) = serve(None);
    let mut foreign = way(&url);
    foreign.source_address = "192.0.2.1".parse().expect("an address");
    assert_eq!(to(foreign).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::SourceAddress));
}

#[test]
fn only_plain_addresses_of_web_services_are_taken() {
    for url in ["http://10.1.2.3/x", "http://log.example:8080/a.asmx?op=exchangeInfo", "http://[::1]:80/"] {
        assert!(Address::parse(url).is_some_and(|address| !address.is_tls()), "{url}");
    }
    let secured = Address::parse("https://log.example/x").expect("an address");
    assert!(secured.is_tls() && secured.port == 443);
    for url in [
        "",
        "10.1.2.3",
        "http://user:pw@10.1.2.3/",
        "http://",
        "ftp://10.1.2.3/",
        "http://10.1.2.3:0/",
        "http://10.1.2.3:99999/",
    ] {
        assert!(Address::parse(url).is_none(), "{url}");
    }
}

/// A web service in TLS, whose certificate bears 127.0.0.1: takes one call, tells that one came, and accepts the log.
fn serve_secured(dir: &Path) -> (SoapWay, Receiver<String>) {
    let server = Certificates::of_own(dir);
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(&server.certificate).expect("a file").map(|each| each.expect("a certificate")).collect();
    let key = PrivateKeyDer::from_pem_file(&server.key).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = Arc::new(config.with_single_cert(chain, key).expect("a certificate and its key"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    let (told, heard) = channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a call");
        let connection = ServerConnection::new(config).expect("a connection");
        let mut secured = BufReader::new(StreamOwned::new(connection, stream));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            // A caller that does not believe the certificate goes.
            if !secured.read_line(&mut head).is_ok_and(|read| read > 0) {
                return;
            }
        }
        let _ = told.send(head);
        let body = "<RespondLog><responseLogCode>0200</responseLogCode></RespondLog>";
        let _ = write!(secured.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        secured.get_mut().conn.send_close_notify();
        let _ = secured.get_mut().flush();
        let _ = secured.get_ref().sock.shutdown(std::net::Shutdown::Write);
        let mut rest = &secured.get_ref().sock;
        let _ = std::io::copy(&mut rest, &mut std::io::sink());
    });
    (SoapWay { ca_file: Some(server.authority), ..way(&url) }, heard)
}

#[test]
fn a_log_goes_by_tls_to_a_server_that_the_configured_file_vouches_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let (way, heard) = serve_secured(dir.path());
    let given = to(way).give("", b"<AccessLogs/>");
    let Given::Answered(reply) = given else { panic!("{given:?}") };
    assert_eq!(classify(&reply, &[]).class, ReplyClass::Accepted);
    assert!(heard.recv().expect("a call").starts_with("POST / HTTP/1.1\r\n"));
}

#[test]
fn a_server_that_nobody_vouches_for_gets_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let (right, heard) = serve_secured(dir.path());
    let (stranger, _) = authority(dir.path(), "stranger");
    assert_eq!(to(SoapWay { ca_file: Some(stranger), ..right }).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::Tls));
    assert!(heard.recv().is_err(), "nothing was heard");
    let (right, _heard) = serve_secured(dir.path());
    let none = SoapWay { ca_file: Some(dir.path().join("no-such-file")), ..right };
    assert_eq!(to(none).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::CaFile));
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").expect("a file");
    let (right, _heard) = serve_secured(dir.path());
    assert_eq!(to(SoapWay { ca_file: Some(empty), ..right }).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::CaFile));
}

#[test]
fn a_server_that_speaks_no_tls_gets_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ca_file, _) = authority(dir.path(), "server");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    let plain = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a call");
        let _ = (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let way = SoapWay { ca_file: Some(ca_file), ..way(&url) };
    assert_eq!(to(way).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::Tls));
    plain.join().expect("it has answered");
}
