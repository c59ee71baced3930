//! Each way in which a change may not be made, and the one in which it may.

use super::*;
use crate::keys::approvers::{Roster, next_keyring};
use crate::store::book::BookKey;
use dukou_packets::keyring::{KeyringBody, Side};
use dukou_packets::packet::header::Environment;
use dukou_packets::packet::marker::Statement;
use dukou_packets::suite::{Signer, SoftSigner, StationId};

const DOCUMENT: &[u8] = b"format = 1\n";

fn key(byte: u8) -> SoftSigner {
    SoftSigner::from_seed([byte; 32])
}

/// The keyring of a station whose approvers are the keys 11, 12 and 13, each added by a version of its own.
fn keyring(station: u8, side: Side) -> Keyring {
    let authority = key(station);
    let body = KeyringBody {
        station: StationId::from_bytes([station; 16]),
        name: "s".to_owned(),
        side,
        environment: Environment::Test,
        version: 1,
        previous: Digest::ZERO,
        threshold: 1,
        suites: vec![1],
        keys: vec![KeyEntry::new(Role::Authority, 0, authority.public(), 1)],
        revoked: Vec::new(),
    };
    let first = Keyring::issue(body, &authority).unwrap();
    (11..=13).fold(first, |now, byte| next_keyring(&now, Roster::Add(key(byte + station).public()), &authority).unwrap())
}

fn own() -> Keyring {
    keyring(0, Side::Inner)
}

fn peer() -> Keyring {
    keyring(100, Side::Outer)
}

fn change(origin: Direction) -> BookChange {
    let key = BookKey { structure: "registration".to_owned(), to: 2, document: document_digest(DOCUMENT) };
    BookChange { key, base: Digest::from_bytes([3; 32]), document: DOCUMENT.to_vec(), origin, at_ms: 1 }
}

fn plan() -> Digest {
    Digest::from_bytes([6; 32])
}

/// A decision of the person with this key.
fn decided(change: &BookChange, by: u8, kind: ApprovalKind, alter: impl FnOnce(&mut Statement)) -> BookDecision {
    let station = StationId::from_bytes([if by > 100 { 100 } else { 0 }; 16]);
    let mut statement = Statement { kind, station, keyring: 4, plan: plan(), loss: false, reason: reason_digest("why") };
    alter(&mut statement);
    BookDecision {
        key: change.key.clone(),
        approval: Approval::sign(&change.signed(), &statement, &key(by)),
        operator: format!("account-{by}"),
        name: format!("person-{by}"),
        reason: "why".to_owned(),
        at_ms: 1,
    }
}

fn judged(change: &BookChange, own: &Keyring, decisions: &[BookDecision]) -> Result<KeyId, Refused> {
    Scene { change, own, peer: Some(&peer()), plan: plan(), loses: false }.judge(decisions)
}

use ApprovalKind::{Approve, Propose};

fn as_is(_: &mut Statement) {}

#[test]
fn a_second_persons_approval_lets_a_change_be_made_and_nothing_less_does() {
    let change = change(Direction::Out);
    let proposal = decided(&change, 11, Propose, as_is);
    let approval = decided(&change, 12, Approve, as_is);
    assert_eq!(judged(&change, &own(), &[proposal.clone(), approval.clone()]), Ok(key(12).key_id()));
    assert_eq!(judged(&change, &own(), std::slice::from_ref(&proposal)), Err(Refused::Unapproved));
    assert_eq!(judged(&change, &own(), std::slice::from_ref(&approval)), Err(Refused::Foreign), "of what nobody proposed");
    assert_eq!(judged(&change, &own(), &[proposal.clone(), decided(&change, 11, Approve, as_is)]), Err(Refused::SelfApproved));
    let same_account = BookDecision { operator: "account-11".to_owned(), ..approval.clone() };
    let same_name = BookDecision { name: "person-11".to_owned(), ..approval.clone() };
    for same in [same_account, same_name] {
        assert_eq!(judged(&change, &own(), &[proposal.clone(), same]), Err(Refused::SelfApproved));
    }
    let others = decided(&change, 11, Approve, as_is);
    assert!(judged(&change, &own(), &[proposal, others, approval]).is_ok(), "one that counts is enough");
}

#[test]
fn a_key_that_was_ended_counts_no_more_whenever_it_signed() {
    let change = change(Direction::Out);
    let decisions = [decided(&change, 11, Propose, as_is), decided(&change, 12, Approve, as_is)];
    let ended = next_keyring(&own(), Roster::End(key(12).key_id()), &key(0)).unwrap();
    assert_eq!(judged(&change, &ended, &decisions), Err(Refused::RoleExpired));
    let third = decided(&change, 13, Approve, |statement| statement.keyring = 5);
    let [first, second] = decisions;
    assert_eq!(judged(&change, &ended, &[first.clone(), second, third]), Ok(key(13).key_id()));
    let early = decided(&change, 13, Approve, |statement| statement.keyring = 3);
    assert_eq!(judged(&change, &own(), &[first, early]), Err(Refused::Altered), "signed before the key was one");
}

#[test]
fn what_another_station_or_a_stranger_signed_is_foreign() {
    let change = change(Direction::Out);
    let proposal = decided(&change, 11, Propose, as_is);
    let elsewhere = decided(&change, 12, Approve, |statement| statement.station = StationId::from_bytes([9; 16]));
    let stranger = decided(&change, 77, Approve, as_is);
    for foreign in [elsewhere, stranger] {
        assert_eq!(judged(&change, &own(), &[proposal.clone(), foreign]), Err(Refused::Foreign));
    }
    let peers = decided(&change, 112, Approve, as_is);
    assert_eq!(judged(&change, &own(), &[proposal, peers]), Err(Refused::Unapproved), "the peer's approval binds nobody here");
}

#[test]
fn a_document_or_a_plan_that_is_not_what_was_signed_is_altered() {
    let signed = change(Direction::Out);
    let decisions = [decided(&signed, 11, Propose, as_is), decided(&signed, 12, Approve, as_is)];
    let other = BookChange { document: b"format = 1 \n".to_vec(), ..signed.clone() };
    assert_eq!(judged(&other, &own(), &decisions), Err(Refused::Altered));
    let rebased = BookChange { base: Digest::ZERO, ..signed.clone() };
    assert_eq!(judged(&rebased, &own(), &decisions), Err(Refused::Foreign), "nobody proposed it from that version");
    let (own, peer) = (own(), peer());
    let scene = Scene { change: &signed, own: &own, peer: Some(&peer), plan: plan(), loses: false };
    assert!(scene.judge(&decisions).is_ok());
    assert_eq!(Scene { plan: Digest::ZERO, ..scene }.judge(&decisions), Err(Refused::Altered));
    assert_eq!(Scene { loses: true, ..scene }.judge(&decisions), Err(Refused::Altered), "nobody allowed a loss");
    let [proposal, approval] = decisions;
    let reworded = BookDecision { reason: "why not".to_owned(), ..approval.clone() };
    assert_eq!(judged(&signed, &own, &[proposal.clone(), reworded]), Err(Refused::Altered));
    let mut forged = approval.clone();
    forged.approval.as_mut().unwrap().keyring = 3;
    assert_eq!(judged(&signed, &own, &[proposal, forged]), Err(Refused::Altered));
}

#[test]
fn what_a_marker_brought_needs_the_peers_approval_and_one_of_this_station() {
    let change = change(Direction::In);
    let bare = |by, kind| BookDecision { operator: String::new(), name: String::new(), ..decided(&change, by, kind, as_is) };
    let (proposal, near) = (bare(111, Propose), bare(112, Approve));
    let here = decided(&change, 11, Approve, as_is);
    let all = [proposal.clone(), near.clone(), here.clone()];
    assert_eq!(judged(&change, &own(), &all), Ok(key(11).key_id()));
    assert_eq!(judged(&change, &own(), &[proposal.clone(), near]), Err(Refused::Unapproved));
    assert_eq!(
        judged(&change, &own(), &[proposal.clone(), here.clone()]),
        Err(Refused::Foreign),
        "the peer did not approve it"
    );
    let stranger = BookDecision { approval: decided(&change, 177, Approve, as_is).approval, ..proposal.clone() };
    assert_eq!(judged(&change, &own(), &[proposal, stranger, here]), Err(Refused::Foreign));
    let own = own();
    let alone = Scene { change: &change, own: &own, peer: None, plan: plan(), loses: false };
    assert_eq!(alone.judge(&all), Err(Refused::Foreign));
}

#[test]
fn what_was_cancelled_counts_only_once_it_is_proposed_and_approved_anew() {
    let change = change(Direction::Out);
    let [proposal, approval] = [(11, Propose), (12, Approve)].map(|(by, kind)| decided(&change, by, kind, as_is));
    let cancel = BookDecision { approval: None, ..proposal.clone() };
    let mut decisions = vec![proposal.clone(), approval.clone(), cancel];
    assert_eq!(judged(&change, &own(), &decisions), Err(Refused::Cancelled));
    decisions.push(proposal);
    assert_eq!(judged(&change, &own(), &decisions), Err(Refused::Unapproved));
    decisions.push(approval);
    assert!(judged(&change, &own(), &decisions).is_ok());
}

#[test]
fn a_cancel_ends_what_this_stations_people_signed_and_not_what_the_peers_did() {
    let change = change(Direction::In);
    let near = BookDecision { operator: String::new(), name: String::new(), ..decided(&change, 112, Approve, as_is) };
    let here = decided(&change, 11, Approve, as_is);
    let back = BookDecision { approval: None, ..here.clone() };
    let mut decisions = vec![near, here.clone(), back];
    assert_eq!(judged(&change, &own(), &decisions), Err(Refused::Cancelled));
    assert_eq!(standing(&change, &decisions, own().body().station).0.len(), 1);
    decisions.push(here);
    assert_eq!(judged(&change, &own(), &decisions), Ok(key(11).key_id()));
}
