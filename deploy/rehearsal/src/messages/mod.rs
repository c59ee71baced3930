//! Invented reporting messages (业务报文) and daily registration logs (登簿日志) in the real format and size.
//!
//! Persons were all "born" in 1900, places and firms do not exist, `DigitalSign` is noise. The tables and their attributes are
//! those of the national reporting interface, new edition; the messages are true in size and compressibility, and are
//! not meant to pass a reporting platform's checks.

mod calendar;
mod case;
mod day_log;
mod rows;
mod words;
mod workloads;

use std::fmt::Write as _;

use crate::random::Random;
use calendar::OfficeClock;
use case::{Case, Kind};

pub use calendar::Day;
pub use day_log::day_logs;
pub use workloads::{Written, write_messages, write_mixed_file, write_small_records};

/// A generated file: its name and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// File name without a folder.
    pub name: String,
    /// The whole content.
    pub bytes: Vec<u8>,
}

/// One generated reporting message and what the day's registration log says of it.
#[derive(Debug, Clone)]
pub struct Message {
    /// BizMsgID: county 6, day 6, number of the day 6.
    pub id: String,
    /// The XML document, UTF-8, 2–8 KiB.
    pub bytes: Vec<u8>,
    /// The line of the registration log.
    pub registration: Registration,
}

impl Message {
    /// Gives the name a registration system would drop it under: `Biz<18 digits>.xml`.
    pub fn file_name(&self) -> String {
        format!("Biz{}.xml", self.id)
    }
}

/// What the registration log of a day says of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The day of registration.
    pub day: Day,
    /// AreaCode of the county.
    pub area: &'static str,
    /// AreaName of the county.
    pub area_name: &'static str,
    /// BizMsgID.
    pub message_id: String,
    /// YWH, the case number.
    pub case: String,
    /// DJLX, three digits.
    pub register: &'static str,
    /// QLLX.
    pub right: &'static str,
    /// BDCDYH, 28 characters.
    pub unit: String,
    /// ZSZMH, certificate or proof number.
    pub certificate: String,
}

/// Generates messages one after another; the same seed gives the same bytes.
#[derive(Debug, Clone)]
pub struct Messages {
    random: Random,
    clock: OfficeClock,
}

impl Messages {
    /// Starts the sequence that belongs to `seed`, on the first working morning of 2024.
    pub fn new(seed: u64) -> Self {
        Messages { random: Random::new(seed), clock: OfficeClock::start() }
    }

    /// Writes the next message.
    pub fn next_message(&mut self) -> Message {
        let moment = self.clock.tick(&mut self.random);
        let case = Case::draw(&mut self.random, &moment);
        let mut xml = String::with_capacity(8 * 1024);
        head(&mut xml, &case, &mut self.random);
        data(&mut xml, &case, &mut self.random);
        Message { id: case.message_id.clone(), bytes: xml.into_bytes(), registration: case.registration(&moment) }
    }
}

impl Iterator for Messages {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        Some(self.next_message())
    }
}

fn head(xml: &mut String, case: &Case, random: &mut Random) {
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<Message>\n    <Head>\n");
    let (certificates, proofs) = if case.kind == Kind::Mortgage { ("0", "1") } else { ("1", "0") };
    let signature: String = (0..4).fold(String::new(), |mut hex, _| {
        let _ = write!(hex, "{:016x}", random.next_u64());
        hex
    });
    for (element, value) in [
        ("ASID", "AS100"),
        ("AreaCode", case.area),
        ("BizMsgID", &case.message_id),
        ("DigitalSign", &signature),
        ("CertCount", certificates),
        ("CreateDate", &case.at),
        ("EstateNum", &case.unit),
        ("ParcelID", &case.parcel),
        ("PreCertID", "/"),
        ("PreEstateNum", "/"),
        ("ProofCount", proofs),
        ("RecFlowID", &case.number),
        ("RecType", case.record_type()),
        ("RegOrgID", case.area),
        ("RegType", case.register),
        ("RightType", case.right()),
    ] {
        let _ = writeln!(xml, "        <{element}>{value}</{element}>");
    }
    xml.push_str("    </Head>\n");
}

fn data(xml: &mut String, case: &Case, random: &mut Random) {
    xml.push_str("    <Data>\n");
    rows::holders(xml, case, random);
    rows::house(xml, case, random);
    rows::right(xml, case, random);
    rows::application(xml, case, random);
    rows::documents(xml, case, random);
    rows::steps(xml, case, random);
    rows::certificate_handed_over(xml, case, random);
    rows::boundary(xml, case, random);
    xml.push_str("    </Data>\n</Message>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let first: Vec<_> = Messages::new(7).take(50).map(|m| m.bytes).collect();
        let again: Vec<_> = Messages::new(7).take(50).map(|m| m.bytes).collect();
        let other: Vec<_> = Messages::new(8).take(50).map(|m| m.bytes).collect();
        assert_eq!(first, again);
        assert_ne!(first, other);
    }

    #[test]
    fn a_message_is_two_to_eight_kibibytes_and_names_itself() {
        for message in Messages::new(1).take(2_000) {
            assert!((2 * 1024..8 * 1024).contains(&message.bytes.len()), "{} bytes", message.bytes.len());
            let text = std::str::from_utf8(&message.bytes).expect("the messages are UTF-8");
            assert!(text.contains(&format!("<BizMsgID>{}</BizMsgID>", message.id)));
            assert_eq!(message.file_name().len(), "Biz000000000000000000.xml".len());
        }
    }

    #[test]
    fn no_two_messages_share_an_id() {
        let ids: std::collections::BTreeSet<_> = Messages::new(2).take(5_000).map(|m| m.id).collect();
        assert_eq!(ids.len(), 5_000);
    }

    #[test]
    fn every_person_was_born_in_1900_and_has_a_right_check_digit() {
        let weights = [7u32, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        for message in Messages::new(3).take(200) {
            let text = String::from_utf8(message.bytes).expect("the messages are UTF-8");
            for id in text.split("ZJH=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                if id.len() != 18 || id.starts_with("91") {
                    continue;
                }
                assert_eq!(&id[6..10], "1900", "{id}");
                let sum: u32 = id.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
                assert_eq!(id.as_bytes()[17], b"10X98765432"[sum as usize % 11], "{id}");
            }
        }
    }
}
