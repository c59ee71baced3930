//! Many small files: read, batch 1,000, zstd, digest, sign, write; verify, unpack, one syncfs a packet, rename.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::{LEVEL, sha256, sync_file_system};
use crate::bench::workload::files_below;

const BATCH: usize = 1_000;
const SIGNATURE_BYTES: usize = 64;
const LARGEST_PLAIN: usize = 64 << 20;

/// Carries everything below `src` to `directory/out`, sender and receiver overlapped.
pub(super) fn carry(src: &Path, directory: &Path) -> Result<()> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow!("no key"))?;
    let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| anyhow!("no key"))?;
    let public = UnparsedPublicKey::new(&ED25519, key.public_key().as_ref().to_vec());
    let (sent, coming) = sync_channel::<PathBuf>(4);
    let (boxes, out) = (directory.join("box"), directory.join("out"));
    thread::scope(|scope| {
        let receiver = scope.spawn(move || receive(&coming, &public, &out));
        // The sender owns its end of the channel, so that the receiver sees the end.
        let done = send(src, &boxes, &key, sent);
        let received = receiver.join().map_err(|_| anyhow!("the receiver panicked"))?;
        done.and(received)
    })
}

fn send(src: &Path, boxes: &Path, key: &Ed25519KeyPair, sent: SyncSender<PathBuf>) -> Result<()> {
    for (number, batch) in files_below(src)?.chunks(BATCH).enumerate() {
        let plain = pack(src, batch)?;
        let compressed = zstd::bulk::compress(&plain, LEVEL)?;
        let signature = key.sign(sha256(&compressed).as_ref());
        let hidden = boxes.join(format!(".{number:06}"));
        let packet = boxes.join(format!("{number:06}.pkt"));
        let mut file = File::create(&hidden)?;
        file.write_all(signature.as_ref())?;
        file.write_all(&compressed)?;
        file.sync_all()?;
        fs::rename(&hidden, &packet)?;
        File::open(boxes)?.sync_all()?;
        sent.send(packet).context("the receiver is gone")?;
    }
    Ok(())
}

fn pack(src: &Path, batch: &[PathBuf]) -> Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(8 << 20);
    for path in batch {
        let body = fs::read(src.join(path))?;
        let name = path.as_os_str().as_encoded_bytes();
        plain.extend((name.len() as u32).to_le_bytes());
        plain.extend((body.len() as u32).to_le_bytes());
        plain.extend(name);
        plain.extend(&body);
    }
    Ok(plain)
}

fn receive(coming: &Receiver<PathBuf>, public: &UnparsedPublicKey<Vec<u8>>, out: &Path) -> Result<()> {
    let stage = out.join(".stage");
    fs::create_dir(&stage)?;
    let mut folders = BTreeSet::new();
    for packet in coming {
        let bytes = fs::read(&packet)?;
        let (signature, compressed) = bytes.split_at_checked(SIGNATURE_BYTES).context("a short packet")?;
        public.verify(sha256(compressed).as_ref(), signature).map_err(|_| anyhow!("a wrong signature"))?;
        let plain = zstd::bulk::decompress(compressed, LARGEST_PLAIN)?;
        unpack(&plain, &stage, out, &mut folders)?;
    }
    fs::remove_dir(&stage)?;
    sync_file_system(out)
}

/// Writes all files of a packet aside, makes them durable together, and gives them their names.
fn unpack(plain: &[u8], stage: &Path, out: &Path, folders: &mut BTreeSet<PathBuf>) -> Result<()> {
    let mut rest = plain;
    let mut staged = Vec::with_capacity(BATCH);
    while !rest.is_empty() {
        let (name, body, after) = split_record(rest).context("a cut record")?;
        let name = PathBuf::from(std::str::from_utf8(name)?);
        let aside = stage.join(staged.len().to_string());
        fs::write(&aside, body)?;
        staged.push((aside, name));
        rest = after;
    }
    sync_file_system(stage)?;
    for (aside, name) in staged {
        let folder = name.parent().map(Path::to_path_buf).unwrap_or_default();
        if folders.insert(folder.clone()) {
            fs::create_dir_all(out.join(folder))?;
        }
        fs::rename(aside, out.join(name))?;
    }
    ensure!(rest.is_empty(), "bytes are left over");
    Ok(())
}

fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name_len, rest) = bytes.split_first_chunk::<4>()?;
    let (body_len, rest) = rest.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*name_len) as usize)?;
    let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*body_len) as usize)?;
    Some((name, body, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::workload::Workload;

    #[test]
    fn everything_comes_as_it_was_sent() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let workload = Workload::messages(&root.path().join("sent"), 1_001).expect("a workload");
        for folder in ["box", "out"] {
            fs::create_dir(root.path().join(folder)).expect("create");
        }
        carry(&workload.directory, root.path()).expect("it carries");
        workload.check_copy(&root.path().join("out")).expect("the same files");
        assert_eq!(files_below(&root.path().join("box")).expect("the packets").len(), 2);
    }

    #[test]
    fn a_cut_record_is_noticed() {
        assert!(split_record(&[1, 0, 0, 0, 2, 0, 0, 0, b'a', b'b']).is_none());
        assert!(split_record(&[1, 0, 0]).is_none());
    }
}
