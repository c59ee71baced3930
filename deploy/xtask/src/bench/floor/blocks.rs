//! One large file: blocks of 8 MiB on two threads each side, zstd, SHA-256, AES-256-GCM, sync on both ends.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Context, Result, anyhow, ensure};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{LEVEL, sha256, sync_file_system};
use crate::bench::workload::files_below;

const BLOCK_BYTES: usize = 8 << 20;
const THREADS: u64 = 2;
const DIGEST_BYTES: usize = 32;

/// A sealed block on disk and where its bytes belong.
struct Block {
    index: u64,
    path: PathBuf,
}

/// Carries the one file in `src` to `directory/out`.
pub(super) fn carry(src: &Path, directory: &Path) -> Result<()> {
    let name = files_below(src)?.pop().context("there is no file")?;
    let input = File::open(src.join(&name))?;
    let length = input.metadata()?.len();
    let (boxes, out) = (directory.join("box"), directory.join("out"));
    let output = File::create(out.join(&name))?;
    let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).map(LessSafeKey::new).map_err(|_| anyhow!("no key"))?;
    let (sent, coming) = sync_channel(8);
    let coming = Mutex::new(coming);
    thread::scope(|scope| {
        let (input, output, boxes, key, coming) = (&input, &output, &boxes, &key, &coming);
        let senders: Vec<_> = (0..THREADS)
            .map(|first| {
                let sent = sent.clone();
                scope.spawn(move || send(input, length, first, boxes, key, &sent))
            })
            .collect();
        drop(sent);
        let receivers: Vec<_> = (0..THREADS).map(|_| scope.spawn(move || receive(coming, key, output))).collect();
        senders.into_iter().chain(receivers).try_for_each(ended)
    })?;
    sync_file_system(&boxes)?;
    output.sync_all()?;
    sync_file_system(&out)
}

fn ended(thread: ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    thread.join().map_err(|_| anyhow!("a thread panicked"))?
}

fn nonce(index: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&index.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn send(input: &File, length: u64, first: u64, boxes: &Path, key: &LessSafeKey, sent: &SyncSender<Block>) -> Result<()> {
    let blocks = length.div_ceil(BLOCK_BYTES as u64);
    let mut plain = vec![0; BLOCK_BYTES];
    for index in (first..blocks).step_by(THREADS as usize) {
        let at = index * BLOCK_BYTES as u64;
        let bytes = (length - at).min(BLOCK_BYTES as u64) as usize;
        input.read_exact_at(&mut plain[..bytes], at)?;
        let mut sealed = zstd::bulk::compress(&plain[..bytes], LEVEL)?;
        key.seal_in_place_append_tag(nonce(index), Aad::empty(), &mut sealed).map_err(|_| anyhow!("cannot seal"))?;
        let digest = sha256(&sealed);
        sealed.extend(digest.as_ref());
        let path = boxes.join(format!("{index:06}.blk"));
        fs::write(&path, &sealed)?;
        sent.send(Block { index, path }).map_err(|_| anyhow!("the receiver is gone"))?;
    }
    Ok(())
}

fn receive(coming: &Mutex<Receiver<Block>>, key: &LessSafeKey, output: &File) -> Result<()> {
    loop {
        let next = coming.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(block) = next else { return Ok(()) };
        let mut bytes = fs::read(&block.path)?;
        let digest = bytes.split_off(bytes.len().checked_sub(DIGEST_BYTES).context("a short block")?);
        ensure!(sha256(&bytes).as_ref() == digest, "a wrong digest");
        let opened = key.open_in_place(nonce(block.index), Aad::empty(), &mut bytes).map_err(|_| anyhow!("cannot open"))?;
        let plain = zstd::bulk::decompress(opened, BLOCK_BYTES)?;
        output.write_all_at(&plain, block.index * BLOCK_BYTES as u64)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::workload::Workload;

    #[test]
    fn the_file_comes_as_it_was_sent() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let workload = Workload::mixed(&root.path().join("sent"), 16).expect("a workload");
        for folder in ["box", "out"] {
            fs::create_dir(root.path().join(folder)).expect("create");
        }
        carry(&workload.directory, root.path()).expect("it carries");
        workload.check_copy(&root.path().join("out")).expect("the same file");
    }
}
