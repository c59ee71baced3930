//! A web service that does what a test tells it: a real server on a real connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

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

fn ok(body: &str) -> Option<String> {
    Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

#[test]
fn a_log_arrives_in_its_envelope_from_the_configured_address() {
    let (url, heard) = serve(ok("<RespondLog><responseLogCode>0200</responseLogCode></RespondLog>"));
    let mut settings = way(&url);
    settings.source_address = "127.0.0.9".parse().expect("an address");
    let given = SoapTransport::new(settings).give("LogBiz.xml", "<AccessLogs a=\"1\">&amp;阿荣旗</AccessLogs>".as_bytes());
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
    assert_eq!(SoapTransport::new(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Cut));
    assert!(heard.recv().expect("a call").1.contains("AccessLogs"));
    let (url, _heard) = serve(Some("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<Respond".into()));
    assert_eq!(SoapTransport::new(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Cut));
}

#[test]
fn any_status_but_200_leaves_it_unsure_and_a_redirection_is_not_followed() {
    for status in [201, 302, 307, 404, 500, 502] {
        let answer = format!("HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 4\r\n\r\n0000");
        let (url, _heard) = serve(Some(answer));
        assert_eq!(SoapTransport::new(way(&url)).give("", b"<AccessLogs/>"), Given::Unsure(Hindrance::Status(status)));
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
        let given = SoapTransport::new(way(&url)).give("", b"<AccessLogs/>");
        let Given::Answered(reply) = given else { panic!("{body}: {given:?}") };
        assert_eq!(classify(&reply, &tokens).class, class, "{body}");
    }
}

#[test]
fn where_no_connection_stands_nothing_has_left() {
    let refused =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port that is free again");
    let nobody = way(&format!("http://{refused}/"));
    assert_eq!(SoapTransport::new(nobody).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::Connect));
    let (url, _heard) = serve(None);
    let mut foreign = way(&url);
    foreign.source_address = "192.0.2.1".parse().expect("an address");
    assert_eq!(SoapTransport::new(foreign).give("", b"<AccessLogs/>"), Given::NothingLeft(Hindrance::SourceAddress));
}

#[test]
fn only_plain_addresses_of_web_services_are_taken() {
    for url in ["http://10.1.2.3/x", "http://log.example:8080/a.asmx?op=exchangeInfo", "http://[::1]:80/"] {
        assert!(Address::parse(url).is_some(), "{url}");
    }
    for url in [
        "",
        "10.1.2.3",
        "https://10.1.2.3/",
        "http://user:pw@10.1.2.3/",
        "http://",
        "ftp://10.1.2.3/",
        "http://10.1.2.3:0/",
        "http://10.1.2.3:99999/",
    ] {
        assert!(Address::parse(url).is_none(), "{url}");
    }
}
