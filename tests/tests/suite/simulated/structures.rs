//! Decisions about structure changes, killed anywhere.

use super::sweep::every_changing_op;
use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::packet::marker::{Approval, ApprovalKind, Change, Statement, document_digest};
use dukou_packets::suite::{KeyId, SoftSigner};
use dukou_shared::requests::Request;
use dukou_shared::requests::structure::Act;
use dukou_shared::schema::approval::{Scene, reason_digest};
use dukou_shared::schema::here::{ByHand, Here};
use dukou_shared::schema::{Document, Structure};
use dukou_shared::store::Store;
use dukou_tests::simulated::world::{FILES, standard_channels};
use dukou_tests::simulated::{World, verdict};

const STRUCTURE: &str =
    "format = 1\nstructure = \"sample\"\nversion = 1\ntitle = \"t\"\nelements = [\"Message\", \"Message/YWH\"]\n";

const DOCUMENT: &str = "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n\n\
                        [[change]]\nop = \"rename-element\"\nelement = \"Message/YWH\"\nto = \"SSYWH\"\n";

/// A world at rest whose inner station knows the structure and has two approvers, 7 and 8.
fn with_approvers() -> World {
    let mut channels = standard_channels();
    channels[1].structure = Some("sample".to_string());
    let mut world = World::with_channels(61, channels);
    for seed in [7, 8] {
        world.inner.add_approver(seed);
    }
    world.inner.files.put(world.inner.station.dir.join("structures/sample.toml"), STRUCTURE);
    world.outer_supplier.drop_file(&world.outer, FILES, "first");
    world.settle_and_check().unwrap();
    world
}

fn here(world: &World) -> Here {
    let document = Document::read(DOCUMENT.as_bytes()).unwrap();
    Here::of((&world.inner.channels, &ByHand::new()), Side::Inner, Structure::read(STRUCTURE.as_bytes()).unwrap(), &document)
        .unwrap()
}

fn signed(world: &World, seed: u8, kind: ApprovalKind) -> Approval {
    let (here, document) = (here(world), document_digest(DOCUMENT.as_bytes()));
    let change = Change { structure: "sample".to_string(), from: 1, before: here.before.digest, document };
    let statement = Statement {
        kind,
        station: world.inner.station.config.station.id,
        keyring: world.inner.keys.keyring.body().version,
        plan: here.digest(),
        loss: false,
        reason: reason_digest("why"),
    };
    Approval::sign(&change, &statement, &SoftSigner::from_seed([seed; 32])).unwrap()
}

fn request(seed: u8, act: Act) -> Request {
    Request::Structure { act, operator: format!("account-{seed}"), name: format!("person-{seed}"), reason: "why".to_string() }
}

/// The proposal of approver 7 and the approval of approver 8.
fn both(world: &World) -> [Request; 2] {
    let proposal = signed(world, 7, ApprovalKind::Propose);
    let approval = signed(world, 8, ApprovalKind::Approve);
    let document = document_digest(DOCUMENT.as_bytes());
    [
        request(7, Act::Propose { document: DOCUMENT.to_string(), approval: proposal }),
        request(8, Act::Approve { structure: "sample".to_string(), to: 2, document, approval }),
    ]
}

fn decide(world: &mut World) -> Result<(), dukou_shared::error::EngineFault> {
    both(world).iter().try_for_each(|request| world.inner.perform(request).map(drop))
}

/// Gives the approver by whom the one change of the book may be made now.
fn approved_by(world: &World) -> KeyId {
    let (mut store, here) = (world.inner.store.clone(), here(world));
    let (book, decisions) = (store.book().unwrap(), store.book_decisions().unwrap());
    let [change] = &book[..] else { panic!("{book:?}") };
    assert_eq!(decisions.len(), 2, "each decision stands once");
    let (own, peer) = (&world.inner.keys.keyring, Some(&world.outer.card));
    Scene { change, own, peer, plan: here.digest(), loses: false }.judge(&decisions).unwrap()
}

#[test]
fn a_proposal_and_an_approval_stand_once_though_the_station_dies_at_any_operation() {
    let second = SoftSigner::from_seed([8; 32]);
    let mut killed = 0;
    for op in every_changing_op(with_approvers, decide) {
        let mut world = with_approvers();
        world.inner.files.kill_at(op, false);
        assert!(decide(&mut world).is_err(), "at {op}");
        world.inner.crash();
        decide(&mut world).unwrap();
        assert_eq!(approved_by(&world), dukou_packets::suite::Signer::key_id(&second), "killed at {op}");
        verdict::log_verifies(&world.inner).unwrap_or_else(|broken| panic!("killed at {op}: {broken}"));
        killed += 1;
    }
    assert!(killed > 1);
}

#[test]
fn a_decision_is_a_line_of_the_log_with_digests_and_without_a_name() {
    let mut world = with_approvers();
    decide(&mut world).unwrap();
    let codes = world.inner.log().into_iter().filter_map(|event| match event {
        Event::Structure { code, operator, to: 2, .. } => Some((code, operator)),
        _ => None,
    });
    let expected = [("propose", "account-7"), ("approve", "account-8")].map(|(a, b)| (a.to_string(), b.to_string()));
    assert_eq!(codes.collect::<Vec<_>>(), expected);
    let (lines, files) = (world.inner.log().len(), world.inner.files.tree(world.inner.station.log_dir()));
    decide(&mut world).unwrap();
    assert_eq!(world.inner.log().len(), lines, "what stands already is not decided again");
    for file in files {
        let bytes = world.inner.files.get(world.inner.station.log_dir().join(&file)).unwrap_or_default();
        assert!(!bytes.windows(7).any(|window| window == b"person-"), "{file}");
    }
}
