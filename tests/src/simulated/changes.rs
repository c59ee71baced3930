//! Structure changes in a simulation: two people of a station sign for a document, and what left is read back.

use super::station::{SimStation, name};
use super::world::World;
use dukou_packets::packet::header::{Header, KIND_MARKER};
use dukou_packets::packet::marker::{Approval, ApprovalKind, Change, Marker, Statement, document_digest, read_marker};
use dukou_packets::packet::open::{open_payload, read_head};
use dukou_packets::suite::{SoftSigner, Unwrapper};
use dukou_shared::connectors::tables::database::{Address, Databases};
use dukou_shared::connectors::tables::describe::dialect_of;
use dukou_shared::connectors::tables::restructure::{Ends, Restructure, RestructureFault};
use dukou_shared::connectors::tables::simulated::SimDatabases;
use dukou_shared::error::EngineFault;
use dukou_shared::requests::structure::Act;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::schema::approval::reason_digest;
use dukou_shared::schema::here::{Here, Standpoint};
use dukou_shared::schema::versions::Believed;
use dukou_shared::schema::{Document, Plan, Structure};
use dukou_shared::store::Store;
use std::path::PathBuf;

/// The approver who proposes.
pub const PROPOSER: u8 = 7;

/// The approver who approves.
pub const APPROVER: u8 = 8;

/// Tells what a document comes to at a station now.
///
/// # Panics
/// When it cannot be.
pub fn here(station: &SimStation, description: &str, document: &str) -> Here {
    let mut store = station.store.clone();
    let (book, state) = (store.book().expect("a book"), store.load().expect("a state"));
    let believed = state.fact::<Believed>().expect("versions");
    let document = Document::read(document.as_bytes()).expect("a document");
    let structured: Vec<_> = station.channels.iter().filter(|channel| channel.structure.is_some()).cloned().collect();
    let at = Standpoint {
        channels: &structured,
        side: station.station.config.station.side,
        description: description.as_bytes(),
        book: &book,
        believed: &believed,
        by_hand: &dukou_shared::schema::here::ByHand::new(),
    };
    let known = book.iter().find(|change| change.key.document == document.digest);
    let here = known.map_or_else(|| Here::of_proposal(&at, &document), |known| Here::behind(&at, &known.base, &document));
    here.expect("a change that can be made here")
}

/// Signs for a document as an approver of a station.
///
/// # Panics
/// When it cannot be made there.
pub fn signed(station: &SimStation, description: &str, document: &str, (seed, kind): (u8, ApprovalKind)) -> Approval {
    let here = here(station, description, document);
    let change = Change {
        structure: here.before.name.clone(),
        from: here.before.version,
        before: here.before.digest,
        document: document_digest(document.as_bytes()),
    };
    let statement = Statement {
        kind,
        station: station.station.config.station.id,
        keyring: station.keys.keyring.body().version,
        plan: here.digest(),
        loss: here.losses().next().is_some(),
        reason: reason_digest("why"),
    };
    Approval::sign(&change, &statement, &SoftSigner::from_seed([seed; 32])).expect("a signature")
}

/// A person's request about a structure change.
pub fn request(seed: u8, act: Act) -> Request {
    Request::Structure { act, operator: format!("account-{seed}"), name: format!("person-{seed}"), reason: "why".to_string() }
}

/// Lets two people of a station sign for a document; gives the last answer.
///
/// # Errors
/// What the engine says.
pub fn approve(station: &mut SimStation, description: &str, document: &str) -> Result<Answer, EngineFault> {
    let read = Document::read(document.as_bytes()).expect("a document");
    let approval = signed(station, description, document, (PROPOSER, ApprovalKind::Propose));
    let proposed = station.perform(&request(PROPOSER, Act::Propose { document: document.to_string(), approval }))?;
    if proposed.exit != 0 {
        return Ok(proposed);
    }
    let approval = signed(station, description, document, (APPROVER, ApprovalKind::Approve));
    let (structure, to, document) = (read.structure, read.to, read.digest);
    station.perform(&request(APPROVER, Act::Approve { structure, to, document, approval }))
}

/// Makes a document's change at ends of a database, as a station would for which they are the other direction's.
///
/// # Errors
/// What the database says.
///
/// # Panics
/// When there is no plan for it.
pub fn make_at(
    (databases, place): (&SimDatabases, &str),
    (description, document): (&str, &str),
    ends: Ends,
) -> Result<(), RestructureFault> {
    let document = Document::read(document.as_bytes()).expect("a document");
    let before = Structure::read(description.as_bytes()).expect("a structure");
    let plan = Plan::of(&before, &document, dialect_of(place).expect("a dialect")).expect("a plan");
    let address = Address { url: place.to_string(), password: None, dir: PathBuf::new() };
    let mut database = databases.restructurer(&address).expect("a database");
    database.make(&Restructure { document: document.digest, plan: &plan, ends, is_vouched_for: false })
}

/// Gives the headers of a channel's packets that left the outer station, by number.
///
/// # Panics
/// When one of them is no packet of it.
pub fn headers(world: &World, channel: &str) -> Vec<Header> {
    let header = |bytes: Vec<u8>| read_head(&bytes, &world.outer.card).expect("a packet").header;
    world.inward.cargo(channel).into_values().map(header).collect()
}

/// Gives the plain of a channel's markers that left the outer station, each with what it says.
///
/// # Panics
/// When the inner station cannot open one.
pub fn markers(world: &World, channel: &str) -> Vec<(Vec<u8>, Marker)> {
    let mut found = Vec::new();
    for mut bytes in world.inward.cargo(channel).into_values() {
        let head = read_head(&bytes, &world.outer.card).expect("a packet");
        if head.header.kind == KIND_MARKER {
            let payload = bytes.split_off(head.head_len);
            let key: &dyn Unwrapper = world.inner.keys.encryption.as_ref();
            let plain = open_payload(&head, payload, &[key]).expect("it is for the inner station");
            let marker = read_marker(&head, &plain).expect("a marker");
            assert!(marker.channels.contains(&name(channel)));
            found.push((plain.to_vec(), marker));
        }
    }
    found
}
