#![doc = include_str!("../GAPREPORT.md")]

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::keyring::Role;
use crate::limits::{GAP_REPORT_MAX, LINE_NUMBER_MAX};
use crate::packet::header::{ChannelName, Environment, Epoch, LogHead};
use crate::packet::open::{Expectation, KeyBook};
use crate::suite::{Digest, KeyFault, KeyId, LinkId, Signer, StationId, verify_signature};

pub mod rows;

const TITLE: &str = "dukou-gap-report/1\n";
const SIGNATURE_CONTEXT: &[u8] = b"dukou-gap-report-v1\0";

/// What a station has of the peer's channels, and what it misses of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapReport {
    /// The station that reports.
    pub station: StationId,
    /// The sender of the packets, whom the report is for.
    pub addressee: StationId,
    /// Production or test.
    pub environment: Environment,
    /// Counts the station's reports, from 1.
    pub report: u64,
    /// The station's clock, milliseconds since 1970; shown only.
    pub clock_ms: u64,
    /// The head of the station's packet log.
    pub log: LogHead,
    /// The next packet number on the station's own link to the addressee; the signing key is valid at it.
    pub number: u64,
    /// The highest packet number heard of the addressee; 0 none.
    pub heard: u64,
    /// Further missing ranges had no room.
    pub more: bool,
    /// Every channel of which something is known, names rising.
    pub channels: Vec<ChannelReport>,
}

/// How far one of the peer's channels is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelReport {
    /// The channel.
    pub channel: ChannelName,
    /// Its epoch.
    pub epoch: Epoch,
    /// Everything up to this seq is applied or waived.
    pub seq: u64,
    /// The header digest of the packet with that seq; zero when the station does not have it.
    pub header: Digest,
    /// The highest seq known to exist.
    pub known: u64,
    /// First and last seq of each missing range, rising.
    pub missing: Vec<(u64, u64)>,
}

/// Why a gap report is refused (GAPREPORT.md section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GapReportFault {
    /// It is too large, not in its shape, or not in its one spelling.
    #[error("the file is no gap report: {0}")]
    Shape(&'static str),
    /// The key is not known, no packet key, or not valid at the report's number.
    #[error("the key {0} may not sign this gap report")]
    Key(KeyId),
    /// The signature is wrong.
    #[error("the signature of the gap report does not verify")]
    Signature,
    /// It is of the other environment.
    #[error("the gap report belongs to another environment")]
    Environment,
    /// It is for another station.
    #[error("the gap report is for station {0}")]
    Addressee(StationId),
    /// The key is another station's.
    #[error("the gap report's key does not belong to its station {0}")]
    Station(StationId),
    /// The link id is not that of the two stations.
    #[error("the link id is not that of the two stations")]
    Link,
    /// The packet key gave no signature.
    #[error("the packet key gave no signature")]
    Unsigned,
}

impl GapReportFault {
    /// Returns the code of GAPREPORT.md section 3.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape(_) => "gap-report-shape",
            Self::Key(_) => "gap-report-key",
            Self::Signature | Self::Unsigned => "gap-report-signature",
            Self::Environment => "environment",
            Self::Addressee(_) => "addressee",
            Self::Station(_) => "station",
            Self::Link => "link",
        }
    }
}

impl From<KeyFault> for GapReportFault {
    fn from(_: KeyFault) -> Self {
        Self::Unsigned
    }
}

impl GapReport {
    /// Returns the link the missing packets travel on.
    pub fn link(&self) -> LinkId {
        LinkId::between(self.addressee, self.station)
    }

    /// Returns how many packets are named as missing.
    pub fn missing(&self) -> u64 {
        let ranges = self.channels.iter().flat_map(|channel| &channel.missing);
        ranges.fold(0, |sum, (from, to)| sum.saturating_add(to.saturating_sub(*from).saturating_add(1)))
    }

    /// Writes and signs the report. When it would be too long, the channels with the most ranges lose their last ones and `more` is set.
    ///
    /// # Errors
    /// When a reader would refuse the result, even without missing ranges, or the key gives no signature.
    pub fn issue(mut self, signer: &dyn Signer) -> Result<(Self, String), GapReportFault> {
        let mut body = self.body()?;
        while body.len() + SIGNATURE_LINE_MAX > GAP_REPORT_MAX {
            self.shorten()?;
            body = self.body()?;
        }
        check(&self)?;
        let signature = BASE64.encode(&signer.sign(&[SIGNATURE_CONTEXT, body.as_bytes()].concat())?);
        let text = format!("{body}sig {} {signature}\n", signer.key_id());
        Ok((self, text))
    }

    /// Leaves out the second half of the longest list of ranges.
    fn shorten(&mut self) -> Result<(), GapReportFault> {
        let longest = self.channels.iter_mut().max_by_key(|channel| channel.missing.len());
        let Some(longest) = longest.filter(|channel| !channel.missing.is_empty()) else {
            return Err(GapReportFault::Shape("it has too many channels"));
        };
        longest.missing.truncate(longest.missing.len() / 2);
        self.more = true;
        Ok(())
    }

    fn body(&self) -> Result<String, GapReportFault> {
        let object = serde_json::to_string(&Wire::from(self)).map_err(|_| GapReportFault::Shape("it has no JSON form"))?;
        Ok(format!("{TITLE}{object}\n"))
    }

    /// Reads a report, verifies who signed it, and that it is for this station.
    ///
    /// # Errors
    /// The code of the first step that fails.
    pub fn open(bytes: &[u8], keys: &dyn KeyBook, expected: &Expectation) -> Result<Self, GapReportFault> {
        if bytes.len() > GAP_REPORT_MAX {
            return Err(GapReportFault::Shape("it is longer than 256 KiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| GapReportFault::Shape("not UTF-8"))?;
        let (body, object, sig) = split_lines(text)?;
        let (report, link) = parse_object(object)?;
        let (key_id, signature) = parse_sig(sig)?;
        let key = keys.packet_key(key_id).ok_or(GapReportFault::Key(key_id))?;
        let valid = report.number >= key.from && (key.to == 0 || report.number <= key.to);
        if key.role != Role::Packet || !valid {
            return Err(GapReportFault::Key(key_id));
        }
        if !verify_signature(&key.public, &[SIGNATURE_CONTEXT, body.as_bytes()].concat(), &signature) {
            return Err(GapReportFault::Signature);
        }
        report.check_address(link, key.station, expected)?;
        Ok(report)
    }

    fn check_address(&self, link: LinkId, signer: StationId, expected: &Expectation) -> Result<(), GapReportFault> {
        if self.environment != expected.environment {
            return Err(GapReportFault::Environment);
        }
        if self.addressee != expected.own {
            return Err(GapReportFault::Addressee(self.addressee));
        }
        if self.station != signer {
            return Err(GapReportFault::Station(self.station));
        }
        if self.link() != link { Err(GapReportFault::Link) } else { Ok(()) }
    }
}

/// The longest signature line: `sig `, 16 digits, a blank, 88 characters, LF.
const SIGNATURE_LINE_MAX: usize = 4 + 16 + 1 + 88 + 1;

fn split_lines(text: &str) -> Result<(&str, &str, &str), GapReportFault> {
    let shape = GapReportFault::Shape("it is not a title, an object and a signature line");
    let rest = text.strip_prefix(TITLE).ok_or(shape)?;
    let (object, rest) = rest.split_once('\n').ok_or(shape)?;
    let sig = rest.strip_suffix('\n').filter(|sig| !sig.contains('\n')).ok_or(shape)?;
    let body = text.get(..TITLE.len() + object.len() + 1).ok_or(shape)?;
    Ok((body, object, sig))
}

fn parse_sig(line: &str) -> Result<(KeyId, [u8; 64]), GapReportFault> {
    let shape = GapReportFault::Shape("the signature line cannot be read");
    let (id, encoded) = line.strip_prefix("sig ").and_then(|rest| rest.split_once(' ')).ok_or(shape)?;
    let signature = BASE64.decode(encoded.as_bytes()).map_err(|_| shape)?;
    Ok((id.parse().map_err(|_| shape)?, signature.try_into().map_err(|_| shape)?))
}

fn parse_object(object: &str) -> Result<(GapReport, LinkId), GapReportFault> {
    let wire: Wire = serde_json::from_str(object).map_err(|_| GapReportFault::Shape("the object cannot be read"))?;
    // Written again it must be the same bytes: that refuses blanks, another order and every second spelling.
    if serde_json::to_string(&wire).ok().as_deref() != Some(object) {
        return Err(GapReportFault::Shape("the object is not in its one form"));
    }
    let link = wire.link;
    let report = GapReport::from(wire);
    check(&report)?;
    Ok((report, link))
}

/// Checks every number and the order of channels and ranges.
fn check(report: &GapReport) -> Result<(), GapReportFault> {
    let require = |holds: bool, what| holds.then_some(()).ok_or(GapReportFault::Shape(what));
    let numbers = [report.report, report.clock_ms, report.log.size, report.number, report.heard];
    require(numbers.iter().all(|number| *number <= LINE_NUMBER_MAX), "a number is above its limit")?;
    require(report.report >= 1 && report.number >= 1, "a number is 0")?;
    require(report.log.size > 0 || report.log.root.is_zero(), "an empty log has no root")?;
    require(report.channels.is_sorted_by(|a, b| a.channel < b.channel), "the channels do not rise")?;
    require(report.channels.iter().all(ChannelReport::is_whole), "the ranges of a channel do not hold together")
}

impl ChannelReport {
    fn is_whole(&self) -> bool {
        let mut next = self.seq.saturating_add(1);
        let rising = self.missing.iter().all(|&(from, to)| {
            let fits = next <= from && from <= to && to <= self.known;
            next = to.saturating_add(2);
            fits
        });
        self.seq <= self.known && self.known <= LINE_NUMBER_MAX && self.epoch.counter >= 1 && rising
    }
}

/// The body object as JSON, keys in the order of GAPREPORT.md section 2.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    link: LinkId,
    station: StationId,
    addressee: StationId,
    environment: Environment,
    report: u64,
    clock: u64,
    log_size: u64,
    log_root: Digest,
    number: u64,
    heard: u64,
    more: bool,
    channels: Vec<ChannelReport>,
}

impl From<&GapReport> for Wire {
    fn from(report: &GapReport) -> Self {
        Self {
            link: report.link(),
            station: report.station,
            addressee: report.addressee,
            environment: report.environment,
            report: report.report,
            clock: report.clock_ms,
            log_size: report.log.size,
            log_root: report.log.root,
            number: report.number,
            heard: report.heard,
            more: report.more,
            channels: report.channels.clone(),
        }
    }
}

impl From<Wire> for GapReport {
    fn from(wire: Wire) -> Self {
        Self {
            station: wire.station,
            addressee: wire.addressee,
            environment: wire.environment,
            report: wire.report,
            clock_ms: wire.clock,
            log: LogHead { size: wire.log_size, root: wire.log_root },
            number: wire.number,
            heard: wire.heard,
            more: wire.more,
            channels: wire.channels,
        }
    }
}
