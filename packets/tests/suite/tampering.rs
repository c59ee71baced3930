//! Nothing but the very bytes that were sealed is accepted.

use dukou_packets::keyring::Keyring;
use dukou_packets::packet::open::{HEAD_MAX, Refusal, decode_records, open_payload, read_head};
use dukou_packets::packet::records::Records;
use dukou_packets::suite::{Suite, Unwrapper, sha256};

use crate::world;

fn receive(file: &[u8], keyring: &Keyring) -> Result<Records, Refusal> {
    let head = read_head(&file[..file.len().min(HEAD_MAX)], keyring)?;
    head.check_address(&world::expectation())?;
    head.check_critical()?;
    let payload = file.get(head.head_len..).unwrap_or_default();
    head.check_payload(sha256(&[payload]), payload.len() as u64)?;
    let key = world::unwrapper("addressee");
    let plain = open_payload(&head, payload.to_vec(), &[&key as &dyn Unwrapper])?;
    decode_records(&head, plain)
}

fn small_packet() -> Vec<u8> {
    let signer = world::signer("packet");
    world::file_of(&world::seal_files(Suite::Aes256Gcm, &[b"a body"], &signer))
}

#[test]
fn every_flipped_bit_of_a_small_packet_is_refused() {
    let keyring = world::sender_keyring();
    let mut file = small_packet();
    assert!(receive(&file, &keyring).is_ok());
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        assert!(receive(&file, &keyring).is_err(), "bit {bit}");
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn every_prefix_is_not_complete_yet() {
    let keyring = world::sender_keyring();
    let file = small_packet();
    for len in 0..file.len() {
        let refusal = receive(&file[..len], &keyring).expect_err("a prefix is no packet");
        assert!(refusal.is_not_yet(), "{len}: {refusal}");
    }
}

#[test]
fn every_byte_that_follows_is_refused() {
    let keyring = world::sender_keyring();
    let mut file = small_packet();
    file.push(0);
    for byte in 0..=255 {
        *file.last_mut().expect("it is not empty") = byte;
        assert_eq!(receive(&file, &keyring).map(|_| ()), Err(Refusal::Length), "{byte}");
    }
}

#[test]
fn every_byte_taken_out_or_doubled_is_refused() {
    let keyring = world::sender_keyring();
    let file = small_packet();
    for at in 0..file.len() {
        let (front, back) = file.split_at(at);
        assert!(receive(&[front, &back[1..]].concat(), &keyring).is_err(), "{at} taken out");
        assert!(receive(&[front, &back[..1], back].concat(), &keyring).is_err(), "{at} doubled");
    }
}

#[test]
fn heads_and_payloads_of_different_packets_do_not_fit() {
    let keyring = world::sender_keyring();
    let signer = world::signer("packet");
    let bodies: [&[u8]; 3] = [b"body 1", b"body 2", b"body 3"];
    let packets = bodies.map(|body| world::seal_files(Suite::Aes256Gcm, &[body], &signer));
    for (i, head) in packets.iter().enumerate() {
        for (j, payload) in packets.iter().enumerate() {
            let spliced = [head.head.as_slice(), &payload.payload].concat();
            assert_eq!(receive(&spliced, &keyring).is_ok(), i == j, "{i} {j}");
        }
    }
}

#[test]
fn chunks_changed_places_repeated_or_left_out_do_not_open() {
    let mut noise = vec![0; (3 << 20) + 500];
    crate::keys::Stream::new("chunks").fill(&mut noise);
    let signer = world::signer("packet");
    let sealed = world::seal_files(Suite::Aes256Gcm, &[&noise], &signer);
    let head = read_head(&sealed.head, &world::sender_keyring()).expect("it verifies");
    let chunks: Vec<&[u8]> = sealed.payload.chunks((1 << 20) + 16).collect();
    assert_eq!(chunks.len(), 4);
    let opens = |order: &[usize]| {
        let payload = order.iter().map(|&index| chunks[index]).collect::<Vec<_>>().concat();
        open_payload(&head, payload, &[&world::unwrapper("addressee") as &dyn Unwrapper]).is_ok()
    };
    assert!(opens(&[0, 1, 2, 3]));
    for wrong in [&[1, 0, 2, 3][..], &[0, 1, 1, 3], &[0, 1, 3], &[0, 1, 2], &[0], &[3], &[0, 1, 2, 3, 3], &[]] {
        assert!(!opens(wrong), "{wrong:?}");
    }
}
