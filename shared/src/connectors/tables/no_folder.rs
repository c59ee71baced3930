//! What the way of files finds at the ends of a channel of tables: nothing to offer, and nothing left to deliver.
//!
//! Given: calls of stages that know files alone. Gives: an empty look; a delivery that is done, since the rows of a marked packet are at the sink before
//! its mark. Never: a file.

use crate::connectors::{Candidate, Delivery, Disposal, Except, Look, Sink, Source, StagedPart};
use crate::seams::{FileCause, FileFault, FileOp, OpenFile};
use crate::store::{PacketKey, RecordRow, Unfinished};
use std::path::{Path, PathBuf};

/// The folder that a channel of tables does not have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NoFolder;

impl Source for NoFolder {
    fn look(&mut self, _: &Except) -> Result<Look, FileFault> {
        Ok(Look::default())
    }

    fn open(&self, candidate: &Candidate) -> Result<Box<dyn OpenFile>, FileFault> {
        Err(FileFault { op: FileOp::Open, path: candidate.path.clone(), cause: FileCause::NotFound })
    }

    fn place_of(&self, _: &str, _: &Path) -> Option<String> {
        None
    }

    fn path_of(&self, _: &RecordRow) -> PathBuf {
        PathBuf::new()
    }

    fn put_away(&mut self, _: &Disposal) -> Result<(), FileFault> {
        Ok(())
    }

    fn tidy(&mut self) -> Result<(), FileFault> {
        Ok(())
    }

    fn forget(&mut self, _: &[&str]) -> Result<(), FileFault> {
        Ok(())
    }

    fn confirm(&mut self, _: &PacketKey, _: &[&str], _: i64) -> Result<(), FileFault> {
        Ok(())
    }

    fn hint(&mut self, _: &Path) {}
}

impl Sink for NoFolder {
    fn begin(&mut self, _: &PacketKey) -> Result<(), FileFault> {
        Ok(())
    }

    fn stage(&mut self, _: &PacketKey, _: u32, _: &[u8]) -> Result<(), FileFault> {
        Ok(())
    }

    fn stage_part(&mut self, _: &Unfinished, _: &[u8]) -> Result<StagedPart, FileFault> {
        Ok(StagedPart::PartsGone)
    }

    fn folder(&self) -> &Path {
        Path::new("")
    }

    fn make_durable(&mut self) -> Result<(), FileFault> {
        Ok(())
    }

    fn deliver(&mut self, _: &PacketKey, _: &[RecordRow]) -> Result<Delivery, FileFault> {
        Ok(Delivery::Done)
    }

    fn forget(&mut self, _: &PacketKey) -> Result<(), FileFault> {
        Ok(())
    }
}
