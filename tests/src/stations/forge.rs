//! Packets made with a station's own keys, wrong on purpose.

use std::fs;

use data_encoding::HEXLOWER;
use dukou_packets::keyring::{Keyring, Role};
use dukou_packets::packet::header::{ChannelName, Environment, Epoch, LogHead};
use dukou_packets::packet::records::{RecordMeta, RecordsBuilder};
use dukou_packets::packet::seal::{CargoPlace, Envelope, Recipient, Statement, prepare_records};
use dukou_packets::suite::{Digest, SoftSigner, StationId, Suite, SystemRandom, sha256};

use super::message;
use super::station::Station;

/// What a forged packet says of itself.
#[derive(Clone, Debug)]
pub struct Forgery {
    /// Production or test.
    pub environment: Environment,
    /// Who it says sent it.
    pub sender: StationId,
    /// Whom it says it is for.
    pub addressee: StationId,
    /// Its channel.
    pub channel: ChannelName,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its place in the channel.
    pub seq: u64,
    /// The packet before it.
    pub prev: Digest,
    /// Its number on the link.
    pub number: u64,
}

impl Forgery {
    /// Begins with what an honest first packet of `channel` would say.
    #[track_caller]
    pub fn first(from: &Station, to: &Station, channel: &str) -> Self {
        Self {
            environment: Environment::Production,
            sender: keyring(from).body().station,
            addressee: keyring(to).body().station,
            channel: channel.parse().unwrap(),
            epoch: Epoch { counter: 1, salt: [7; 8] },
            seq: 1,
            prev: Digest::ZERO,
            number: 1_000_000,
        }
    }

    /// Seals it under the packet key of `from`, encrypted to `to`.
    ///
    /// # Panics
    /// Panics when it cannot be sealed.
    #[track_caller]
    pub fn seal(&self, from: &Station, to: &Station) -> Vec<u8> {
        let peer = keyring(to);
        let recipients: Vec<Recipient> =
            peer.keys_of(Role::Encryption).map(|key| Recipient { key_id: key.id, public: key.public }).collect();
        let envelope = Envelope {
            suite: Suite::Aes256Gcm,
            environment: self.environment,
            sender: self.sender,
            addressee: self.addressee,
            number: self.number,
            recipients: &recipients,
        };
        let prepared = prepare_records(&envelope, records(), 3, &SystemRandom).unwrap();
        let place = CargoPlace { channel: self.channel.clone(), epoch: self.epoch, seq: self.seq, prev: self.prev };
        let statement =
            Statement { sender_clock_ms: 0, urgent: false, own_log: LogHead::NONE, peer_log: LogHead::NONE, run: None };
        let sealed = prepared.seal_cargo(&place, &statement, &packet_key(from)).unwrap();
        [sealed.head, sealed.payload].concat()
    }
}

fn records() -> RecordsBuilder {
    let body = message::xml("伪造");
    let meta = RecordMeta::file("forged".to_owned(), "Bizforged.xml".to_owned(), 0, body.len() as u64);
    let mut records = RecordsBuilder::new(&SystemRandom);
    records.push(&meta, &[&body], sha256(&[&body])).unwrap();
    records
}

#[track_caller]
fn keyring(station: &Station) -> Keyring {
    Keyring::parse(station.read("keys/keyring.txt").as_bytes()).unwrap()
}

#[track_caller]
fn packet_key(station: &Station) -> SoftSigner {
    let text = fs::read_to_string(station.path("keys/packet.key")).unwrap();
    let seed = HEXLOWER.decode(text.trim_end().as_bytes()).unwrap();
    SoftSigner::from_seed(seed.try_into().unwrap())
}
