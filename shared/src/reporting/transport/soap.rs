//! SOAP 1.1 over HTTP, plain or in TLS: the envelope is ours, HTTP is hyper's, TLS is rustls' with ring, and the connection begins at the address that is configured.
//!
//! - **Given** a log. **Gives** the body of the answer with status 200, or what stood in the way.
//! - **Never** follows a redirection, asks a proxy, or calls a second time: until the connection stands nothing has left, from then on something may have.

mod stream;
mod tls;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;

use self::stream::{Line, Stream};
use super::tcp::connect;
use super::{Given, Hindrance, Transport};
use crate::registration::day::log::reply::REPLY_BYTES_MAX;
use crate::reporting::lane::SoapWay;

/// How long reaching the server may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// Where a web service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an address; of IPv6 without brackets.
    host: String,
    port: u16,
    /// Host and port as the request names them.
    authority: String,
    /// Path and query.
    path: String,
    is_tls: bool,
}

impl Address {
    /// Tells whether it is reached by TLS.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Reads `http://host[:port][/path]`, or with `https`; none for anything else, an account in it among that.
    pub fn parse(url: &str) -> Option<Self> {
        let uri: hyper::Uri = url.parse().ok()?;
        let authority = uri.authority()?;
        let is_tls = uri.scheme_str() == Some("https");
        let is_plain = (is_tls || uri.scheme_str() == Some("http")) && !authority.as_str().contains('@') && url.len() <= 1024;
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host)? {
            "" if is_tls => 443,
            "" => 80,
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)?,
        };
        (is_plain && !host.is_empty()).then(|| Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            is_tls,
        })
    }
}

/// A way through a web service.
pub struct SoapTransport {
    way: SoapWay,
    ca_file: Option<PathBuf>,
}

impl SoapTransport {
    /// Makes the way of a station in this directory to a web service. Nothing is reached before something is given.
    pub fn new(way: SoapWay, dir: &Path) -> Self {
        let ca_file = way.ca_file.as_ref().map(|file| dir.join(file));
        Self { way, ca_file }
    }

    /// Reaches the server, and makes sure that it is the one where TLS is asked for: nothing of the request has left yet.
    async fn reach(&self, address: &Address) -> Result<Box<dyn Line>, Hindrance> {
        let vouching = self.ca_file.as_deref().map(tls::vouching).transpose()?;
        let stream = connect(&address.host, address.port, self.way.source_address).await?;
        match (address.is_tls, vouching) {
            (false, _) => Ok(Box::new(stream)),
            (true, Some(vouching)) => Ok(Box::new(tls::secured(stream, &address.host, vouching).await?)),
            (true, None) => Err(Hindrance::CaFile),
        }
    }

    async fn call(&self, body: String) -> Given {
        let Some(address) = Address::parse(&self.way.url) else { return Given::NothingLeft(Hindrance::Name) };
        let reached = tokio::time::timeout(CONNECT_PATIENCE, self.reach(&address)).await;
        let stream = match reached.unwrap_or(Err(Hindrance::Connect)) {
            Ok(stream) => stream,
            Err(hindrance) => return Given::NothingLeft(hindrance),
        };
        let patience = Duration::from_secs(self.way.timeout_seconds);
        match tokio::time::timeout(patience, self.ask(stream, &address, body)).await {
            Ok(Ok(answer)) => Given::Answered(answer),
            Ok(Err(hindrance)) => Given::Unsure(hindrance),
            Err(_) => Given::Unsure(Hindrance::Timeout),
        }
    }

    /// Calls over a connection that stands: whatever goes wrong from here on, something may have left.
    async fn ask(&self, stream: Box<dyn Line>, address: &Address, body: String) -> Result<Vec<u8>, Hindrance> {
        let (mut sender, connection) = http1::handshake(Stream::new(stream)).await.map_err(|_| Hindrance::Cut)?;
        let driving = tokio::spawn(connection);
        let request = Request::post(&address.path)
            .header("Host", &address.authority)
            .header("Content-Type", "text/xml; charset=utf-8")
            .header("SOAPAction", format!("\"{}\"", self.way.action))
            .header("Connection", "close")
            .body(body)
            .map_err(|_| Hindrance::Cut)?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(|_| Hindrance::Cut)?;
            match response.status().as_u16() {
                200 => {
                    // Without either the reply ends where the connection does, and half of one looks like a whole.
                    let is_ended =
                        ["Content-Length", "Transfer-Encoding"].iter().any(|name| response.headers().contains_key(*name));
                    let bytes = read(response.into_body()).await?;
                    let is_document = bytes.trim_ascii_start().starts_with(b"<");
                    if is_ended || is_document || bytes.is_empty() { Ok(bytes) } else { Err(Hindrance::Unended) }
                }
                status => Err(Hindrance::Status(status)),
            }
        };
        let answer = answer.await;
        driving.abort();
        answer
    }
}

impl Transport for SoapTransport {
    fn give(&mut self, _name: &str, bytes: &[u8]) -> Given {
        let Ok(log) = std::str::from_utf8(bytes) else { return Given::NothingLeft(Hindrance::Encoding) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return Given::NothingLeft(Hindrance::Starved) };
        let given = runtime.block_on(self.call(envelope(&self.way, log)));
        // A name server that does not answer holds up nobody.
        runtime.shutdown_background();
        given
    }
}

async fn read(body: Incoming) -> Result<Vec<u8>, Hindrance> {
    let (mut bytes, mut body) = (Vec::new(), std::pin::pin!(body));
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(data) = frame.map_err(|_| Hindrance::Cut)?.into_data() else { continue };
        if bytes.len() + data.len() > REPLY_BYTES_MAX {
            return Err(Hindrance::TooLong);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Writes the envelope: the log is the text of one parameter.
fn envelope(way: &SoapWay, log: &str) -> String {
    let SoapWay { operation, namespace, parameter, .. } = way;
    let mut text = String::with_capacity(log.len() * 5 / 4 + 512);
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>";
    // Writing to a string does not fail.
    let _ = write!(text, "{head}<{operation} xmlns=\"{namespace}\"><{parameter}>");
    for letter in log.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\r' => text.push_str("&#13;"),
            _ => text.push(letter),
        }
    }
    let _ = writeln!(text, "</{parameter}></{operation}></soap:Body></soap:Envelope>");
    text
}

#[cfg(test)]
mod tests;
