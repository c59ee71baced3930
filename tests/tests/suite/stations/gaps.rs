//! Packets that are missing: the channel waits, the number is named, one carry mends it.

use std::fs;

use dukou_tests::stations::audit::{account, assert_pass, count, lines_of, verify};
use dukou_tests::stations::daemon::Daemon;
use dukou_tests::stations::message;
use dukou_tests::stations::packet::{cargo, flip};
use dukou_tests::stations::pair::{LOGS, MESSAGES, Pair};
use dukou_tests::stations::sentence::wrong_use;
use dukou_tests::stations::tree::digests;

/// Where a packet is damaged.
#[derive(Clone, Copy)]
enum Wound {
    /// The head still verifies.
    Payload,
    /// Nothing of it can be believed.
    Head,
    /// It never came.
    Lost,
}

/// Damages packets `seqs` of the messages on their way.
fn damage(pair: &Pair, seqs: &[u64], wound: Wound) {
    for packet in cargo(&pair.outer.path("ferry/out"), MESSAGES) {
        if !seqs.contains(&packet.header.seq) {
            continue;
        }
        match wound {
            Wound::Payload => flip(&packet.path, packet.bytes.len() - 1),
            Wound::Head => flip(&packet.path, 150),
            Wound::Lost => fs::remove_file(&packet.path).unwrap(),
        }
    }
}

/// Sends `count` messages in a packet each and damages some.
fn carried_with(count: usize, seqs: &[u64], wound: Wound) -> Pair {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, count);
    pair.drop_logs(0, 2);
    pair.outer.pass(0);
    damage(&pair, seqs, wound);
    pair.carry();
    pair.inner.pass(1);
    pair
}

fn gaps(pair: &Pair) -> Vec<(u64, u64)> {
    let found = pair.inner.json(1, &["gaps"]);
    let ranges = found.as_array().unwrap().iter();
    ranges
        .map(|gap| {
            assert_eq!(gap["channel"], MESSAGES);
            assert!(gap["resend"].as_str().unwrap().starts_with(&format!("resend {MESSAGES} --seq ")));
            (gap["from"].as_u64().unwrap(), gap["to"].as_u64().unwrap())
        })
        .collect()
}

/// Does what `gaps` says on the sender, carries once, and expects both sides equal.
fn mended(pair: &Pair, count: usize) {
    for (from, to) in gaps(pair) {
        pair.outer.expect(0, &["resend", MESSAGES, "--seq", &format!("{from}..{to}")]);
    }
    pair.carry();
    pair.inner.ask(&["pass"]);
    assert_eq!(pair.inner.expect(0, &["gaps"]).out.trim(), "没有已知的缺包。");
    let expected: Vec<_> = (0..count).map(message::name).collect();
    assert_eq!(pair.arrived(MESSAGES), expected);
    let arrived = digests(&pair.inner.path("arrived").join(MESSAGES));
    let sent = (0..count).map(|n| (message::name(n), dukou_packets::suite::sha256(&[&message::body(n)]).to_string()));
    assert_eq!(arrived, sent.collect());
    pair.inner.pass(0);
    assert_pass(pair);
}

#[test]
fn a_damaged_packets_channel_waits_alone_and_a_resend_mends_it() {
    let pair = carried_with(6, &[2, 4, 5], Wound::Payload);
    assert_eq!(pair.arrived(MESSAGES), [message::name(0)]);
    assert_eq!(pair.arrived(LOGS).len(), 2, "the other channel goes on");
    assert_eq!(pair.inner.aside_codes("quarantine"), ["payload-digest"; 3]);
    assert_eq!(gaps(&pair), [(2, 2), (4, 5)]);
    let said = pair.inner.expect(1, &["gaps"]).out;
    assert!(said.contains("缺第 2 号包") && said.contains("resend report-message --seq 4..5"), "{said}");
    assert_eq!(pair.inner.channel(MESSAGES)["state"], "gapped");
    assert_eq!(pair.inner.channel(LOGS)["state"], "ok");
    assert_eq!(verify(&pair.inner).code, 2, "a known gap makes the log incomplete: {}", verify(&pair.inner).all());
    assert_eq!(lines_of(&pair.inner, "gap").len(), 2);
    mended(&pair, 6);
    let closed = lines_of(&pair.inner, "gap-closed")
        .iter()
        .map(|line| line["to"].as_u64().unwrap() + 1 - line["from"].as_u64().unwrap())
        .sum::<u64>();
    assert_eq!(closed, 3);
}

#[test]
fn a_packet_damaged_in_its_head_is_missed_all_the_same() {
    let pair = carried_with(4, &[2], Wound::Head);
    assert_eq!(gaps(&pair), [(2, 2)]);
    mended(&pair, 4);
}

#[test]
fn the_last_packet_is_missed_wherever_it_was_damaged() {
    for wound in [Wound::Payload, Wound::Head, Wound::Lost] {
        let pair = carried_with(3, &[3], wound);
        assert_eq!(gaps(&pair), [(3, 3)]);
        mended(&pair, 3);
    }
}

#[test]
fn the_only_packet_is_missed_wherever_it_was_damaged() {
    for wound in [Wound::Payload, Wound::Head, Wound::Lost] {
        let pair = carried_with(1, &[1], wound);
        assert_eq!(gaps(&pair), [(1, 1)]);
        assert!(pair.arrived(MESSAGES).is_empty());
        mended(&pair, 1);
    }
}

#[test]
fn all_packets_lost_are_missed_through_the_signal_and_resent_at_once() {
    let pair = carried_with(5, &[1, 2, 3, 4, 5], Wound::Lost);
    assert_eq!(gaps(&pair), [(1, 5)]);
    mended(&pair, 5);
}

#[test]
fn a_gap_stays_known_over_restarts_and_opens_once_in_the_log() {
    let pair = carried_with(3, &[2], Wound::Lost);
    for _ in 0..3 {
        pair.inner.pass(1);
    }
    assert_eq!(count(&pair.inner, "gap"), 1);
    assert_eq!(gaps(&pair), [(2, 2)]);
    mended(&pair, 3);
}

#[test]
fn resending_what_arrived_long_ago_has_no_effect() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.exchange();
    pair.clear_outer_ferry();
    let answer = pair.outer.json(0, &["resend", MESSAGES, "--seq", "1..3"]);
    assert_eq!(answer["count"], 3);
    let again = cargo(&pair.outer.path("ferry/out"), MESSAGES);
    assert_eq!(again.len(), 3);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(count(&pair.inner, "applied"), 3);
    assert_pass(&pair);
}

#[test]
fn a_resent_packet_is_byte_identical_under_a_new_name() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 1);
    pair.outer.pass(0);
    let first = cargo(&pair.outer.path("ferry/out"), MESSAGES).remove(0);
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "1"]);
    let both = cargo(&pair.outer.path("ferry/out"), MESSAGES);
    assert_eq!(both.len(), 2);
    assert_ne!(both[0].path, both[1].path);
    assert!(both.iter().all(|packet| packet.bytes == first.bytes));
    assert_eq!(lines_of(&pair.outer, "resent")[0]["operator"], account());
}

#[test]
fn a_waiver_lets_the_channel_go_on_without_what_is_lost_for_good() {
    let pair = carried_with(4, &[2, 3], Wound::Lost);
    pair.inner.expect(2, &["waive", MESSAGES, "--seq", "3..3", "--name", "刘", "--reason", "丢失"]);
    pair.inner.expect(2, &["waive", MESSAGES, "--seq", "2..4", "--name", "刘", "--reason", "丢失"]);
    pair.inner.expect(0, &["waive", MESSAGES, "--seq", "2..3", "--name", "liu", "--reason", "光盘损坏"]);
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES), [message::name(0), message::name(3)]);
    assert_eq!(lines_of(&pair.inner, "waived")[0]["operator"], account());
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "2..3"]);
    pair.carry();
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 2, "what was waived is evidence, never applied");
    assert_eq!(lines_of(&pair.inner, "seen").iter().filter(|line| line["place"] == "late").count(), 2);
    assert_pass(&pair);
}

#[test]
fn a_good_copy_beside_a_damaged_one_is_applied_whichever_is_met_first() {
    for names in [["1-aaaa-a.dkp", "1-aaaa-b.dkp"], ["1-aaaa-b.dkp", "1-aaaa-a.dkp"]] {
        for seq in [1, 2] {
            let pair = Pair::one_file_a_packet();
            pair.drop_messages(0, 2);
            pair.outer.pass(0);
            let packets = cargo(&pair.outer.path("ferry/out"), MESSAGES);
            let good = &packets[seq - 1];
            let mut damaged = good.bytes.clone();
            *damaged.last_mut().unwrap() ^= 1;
            fs::write(pair.inner.path("ferry/in").join(names[0]), &good.bytes).unwrap();
            fs::write(pair.inner.path("ferry/in").join(names[1]), &damaged).unwrap();
            pair.inner.ask(&["pass"]);
            pair.carry();
            pair.inner.ask(&["pass"]);
            assert_eq!(pair.arrived(MESSAGES).len(), 2, "{names:?} {seq}");
            pair.inner.pass(0);
            assert_pass(&pair);
        }
    }
}

#[test]
fn a_retained_packet_that_rotted_is_named_when_it_should_be_resent() {
    let pair = Pair::one_file_a_packet();
    pair.drop_messages(0, 3);
    pair.exchange();
    let spool = pair.outer.path("spool/out");
    let names = dukou_tests::stations::tree::names(&spool);
    let honest = fs::read(spool.join(&names[1])).unwrap();
    let placed = dukou_tests::stations::tree::names(&pair.outer.path("ferry/out"));
    flip(&spool.join(&names[1]), honest.len() - 1);
    wrong_use(&pair.outer, &["resend", MESSAGES, "--seq", "1..3"], 2, &[&names[1], "check"]);
    fs::remove_file(spool.join(&names[1])).unwrap();
    wrong_use(&pair.outer, &["resend", MESSAGES, "--seq", "2"], 2, &[&names[1], "check"]);
    assert_eq!(dukou_tests::stations::tree::names(&pair.outer.path("ferry/out")), placed);
    let mut daemon = Daemon::running(&pair.outer);
    pair.outer.expect(2, &["resend", MESSAGES, "--seq", "2"]);
    assert_eq!(daemon.ended(), None, "the station that was asked runs on");
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "3"]);
    daemon.stop_cleanly();
    assert_eq!(count(&pair.outer, "resent"), 1);
    fs::write(spool.join(&names[1]), honest).unwrap();
    pair.outer.expect(0, &["resend", MESSAGES, "--seq", "1..3"]);
    assert_pass(&pair);
}

#[test]
fn an_early_packet_that_rots_in_the_spool_holds_its_channel_until_it_is_resent() {
    for is_gone in [true, false] {
        let pair = carried_with(3, &[2], Wound::Lost);
        let early = pair
            .inner
            .path("spool/in")
            .join(format!("{MESSAGES}-{}-000000000003.dkp", cargo(&pair.outer.path("ferry/out"), MESSAGES)[0].header.epoch));
        match is_gone {
            true => fs::remove_file(&early).unwrap(),
            false => flip(&early, 700),
        }
        pair.clear_outer_ferry();
        pair.outer.expect(0, &["resend", MESSAGES, "--seq", "2"]);
        pair.carry();
        pair.inner.pass(1);
        assert_eq!(pair.arrived(MESSAGES).len(), 2);
        let line = pair.inner.channel(MESSAGES);
        assert_eq!((&line["state"], &line["hold"]["code"], &line["hold"]["seq"]), (&"held".into(), &"spool".into(), &3.into()));
        let said = pair.inner.expect(1, &["status"]).out;
        assert!(
            said.contains("第 3 号包") && said.contains("resend") && said.contains(&format!("release {MESSAGES}")),
            "{said}"
        );
        pair.clear_outer_ferry();
        pair.outer.expect(0, &["resend", MESSAGES, "--seq", "3"]);
        pair.carry();
        pair.inner.pass(1);
        pair.inner.expect(0, &["release", MESSAGES]);
        pair.inner.pass(0);
        assert_eq!(pair.arrived(MESSAGES).len(), 3);
        pair.inner.expect(0, &["check"]);
        assert_pass(&pair);
    }
}
