//! Who takes files out of a station's sink folders, and what they got.

use super::station::SimStation;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::{Digest, sha256};
use dukou_rehearsal::random::Random;
use dukou_shared::seams::Files;
use dukou_shared::seams::sim_files::SimFiles;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A file that a consumer took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The channel.
    pub channel: ChannelName,
    /// Its path below the sink folder.
    pub name: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Which look it was taken in: files of one look have no order among them.
    pub look: u64,
}

/// How a removal reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// It is durable at once, and what the sink renamed under that name with it.
    Firm,
    /// It is durable with the folder's next sync, as any program's is.
    Light,
}

/// The consumers of one station; clones are the same ones.
#[derive(Clone)]
pub struct Consumer(Arc<Mutex<Inner>>);

struct Inner {
    folders: Vec<(ChannelName, PathBuf)>,
    taken: Vec<Taken>,
    looks: u64,
    dice: Random,
    hand: Hand,
}

impl Consumer {
    /// Makes the consumers of a station; when they take only some files, the seed says which.
    pub fn of(station: &SimStation, seed: u64) -> Self {
        let folders = station.incoming().into_iter().filter(|channel| station.has_folders(channel));
        let folders = folders.map(|channel| (channel.clone(), station.sink(&channel))).collect();
        Self(Arc::new(Mutex::new(Inner { folders, taken: Vec::new(), looks: 0, dice: Random::new(seed), hand: Hand::Firm })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how removals reach the disk from now on.
    pub fn set_hand(&self, hand: Hand) {
        self.lock().hand = hand;
    }

    /// Takes each visible file away with this probability; gives how many.
    pub fn take(&self, files: &SimFiles, probability: f64) -> usize {
        let mut inner = self.lock();
        inner.looks += 1;
        let before = inner.taken.len();
        for (channel, folder) in inner.folders.clone() {
            for name in files.tree(&folder) {
                if name.split('/').any(|part| part.starts_with('.')) || !inner.dice.chance(probability) {
                    continue;
                }
                let path = folder.join(&name);
                let Some(bytes) = files.get(&path) else { continue };
                let gone = match inner.hand {
                    Hand::Firm => files.remove(&path),
                    Hand::Light => Files::remove(files, &path).is_ok_and(|was| was),
                };
                let look = inner.looks;
                if gone {
                    inner.taken.push(Taken { channel: channel.clone(), name, digest: sha256(&[&bytes]), look });
                }
            }
        }
        inner.taken.len() - before
    }

    /// All that was taken, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.lock().taken.clone()
    }

    /// Names of what was taken from a channel, in order.
    pub fn names(&self, channel: &ChannelName) -> Vec<String> {
        self.lock().taken.iter().filter(|taken| taken.channel == *channel).map(|taken| taken.name.clone()).collect()
    }
}
