//! Reads a packet vector as a receiver would, step by step.

use std::fs;
use std::path::{Path, PathBuf};

use dukou_packets::keyring::Keyring;
use dukou_packets::packet::armor::read_whole;
use dukou_packets::packet::header::Class;
use dukou_packets::packet::open::{Expectation, HEAD_MAX, Refusal, decode_records, open_payload, read_head};
use dukou_packets::packet::signal::Signal;
use dukou_packets::suite::{SoftUnwrapper, Unwrapper, sha256};
use serde_json::{Value, json};

/// Lists a folder of vectors; a folder that is empty would prove nothing.
pub(crate) fn list(folder: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(folder);
    let mut found: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of vectors is there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read(&path).expect("a vector can be read");
        let value = serde_json::from_slice(&text).expect("a vector is JSON");
        (path, value)
    };
    found.into_iter().map(read).collect()
}

pub(crate) fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().expect("the case has this text")
}

pub(crate) fn base64(case: &Value, key: &str) -> Vec<u8> {
    let text = text(case, key).as_bytes();
    data_encoding::BASE64.decode(text).expect("base64")
}

/// What a good packet yields: its plain, and what its records say of themselves.
pub(crate) struct Opened {
    pub(crate) plain: Vec<u8>,
    pub(crate) records: Value,
}

pub(crate) fn receive(case: &Value) -> Result<Opened, Refusal> {
    let file = read_whole(base64(case, "packet"))?;
    let keyring = Keyring::parse(text(case, "keyring").as_bytes()).expect("a good keyring");
    let head = read_head(&file[..file.len().min(HEAD_MAX)], &keyring)?;
    head.check_address(&Expectation {
        environment: text(case, "environment").parse().expect("an environment"),
        own: text(case, "addressee").parse().expect("a station id"),
    })?;
    let channel = head.header.channel.as_ref().map(|name| name.as_str());
    let granted = case["granted"].as_array();
    let grants = |list: &Vec<Value>| list.iter().any(|name| name.as_str() == channel);
    if !granted.is_none_or(grants) {
        return Err(Refusal::NotGranted);
    }
    head.check_critical()?;
    let payload = file.get(head.head_len..).unwrap_or_default();
    head.check_payload(sha256(&[payload]), payload.len() as u64)?;
    let mut secret = [0; 32];
    data_encoding::HEXLOWER.decode_mut(text(case, "unwrap_secret").as_bytes(), &mut secret).expect("32 bytes of hex");
    let key = SoftUnwrapper::from_secret(secret);
    let plain = open_payload(&head, payload.to_vec(), &[&key as &dyn Unwrapper])?;
    if head.header.class == Class::Signal {
        Signal::parse(&plain).expect("a good signal's document");
        let records = Value::Null;
        return Ok(Opened { plain, records });
    }
    let records = decode_records(&head, plain.clone())?;
    let records = records.iter().map(|record| {
        let meta = record.meta;
        json!({
            "kind": meta.kind as u8,
            "key": meta.key,
            "name": meta.name,
            "modified": meta.modified_ms,
            "part_index": meta.part_index,
            "part_count": meta.part_count,
            "total_bytes": meta.total_bytes,
            "parts_digest": meta.parts_digest,
            "reason": meta.reason,
            "body_len": meta.body_len,
            "body_sha256": record.body_digest,
        })
    });
    let records = records.collect();
    Ok(Opened { plain, records })
}
