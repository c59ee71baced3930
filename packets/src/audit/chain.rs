//! The hash chain and the Merkle tree over the lines, and the claims that others make about them.

use std::rc::Rc;

use super::report::{FaultCode, Faults};
use crate::log::line::{Event, Line, leaf_hash};
use crate::log::tree::Tree;
use crate::packet::header::LogHead;
use crate::suite::Digest;

/// Lines that follow one another without a missing segment.
#[derive(Debug)]
struct Run {
    /// The tree before the first leaf; none when the `segment` line that should say it is broken.
    base: Option<Tree>,
    /// The number of lines before the first leaf.
    before: u64,
    leaves: Vec<Digest>,
}

/// Someone's word that the tree has this root at this size.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) head: LogHead,
    pub(super) by: Claimant,
    pub(super) file: Rc<str>,
    pub(super) line: u64,
}

/// Who makes a claim.
#[derive(Debug)]
pub(super) enum Claimant {
    /// A `segment` line, with its peaks.
    Segment(Vec<Digest>),
    /// A verified checkpoint.
    Checkpoint,
    /// The peer; behind a line that says that this station was restored what does not fit tells of lost lines.
    Peer {
        /// Such a line stands before the claim.
        restored: bool,
    },
}

impl Claimant {
    fn fault(&self) -> FaultCode {
        match self {
            Self::Segment(_) => FaultCode::SegmentHead,
            Self::Checkpoint => FaultCode::CheckpointRoot,
            Self::Peer { restored: true } => FaultCode::LinesLost,
            Self::Peer { restored: false } => FaultCode::EchoRoot,
        }
    }
}

/// The chain as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Chain {
    runs: Vec<Run>,
    /// The first line that is kept; 0 before there is one.
    pub(super) first: u64,
    /// The number of the line that is due; 0 before the first segment.
    due: u64,
    /// The leaf hash of the line before; none when that line is not here.
    prev: Option<Digest>,
    claims: Vec<Claim>,
}

impl Chain {
    /// Begins a segment named by the number of its first line; tells whether lines before it are missing.
    pub(super) fn begin_segment(&mut self, first: u64, file: &Rc<str>, faults: &mut Faults) -> bool {
        let missing = self.due > 0 && first > self.due;
        if self.due == 0 {
            self.first = first;
        } else if missing {
            let detail = format!("{}..{}", self.due, first - 1);
            faults.add(FaultCode::SegmentMissing, file, None, detail);
        } else if first < self.due {
            let detail = format!("{first} < {}", self.due);
            faults.add(FaultCode::SegmentOverlap, file, None, detail);
        }
        if self.due == first {
            return false;
        }
        self.due = first;
        self.prev = (first == 1).then_some(Digest::ZERO);
        self.runs.push(Run { base: (first == 1).then(Tree::new), before: first - 1, leaves: Vec::new() });
        missing
    }

    /// Returns the number of the line that is due, by position.
    pub(super) fn due(&self) -> u64 {
        self.due
    }

    /// Takes the next line; returns it when it is in its one form.
    pub(super) fn take(&mut self, bytes: &[u8], heads_segment: bool, file: &Rc<str>, faults: &mut Faults) -> Option<Line> {
        let leaf = leaf_hash(bytes);
        let line = match Line::parse(bytes) {
            Ok(line) => Some(line),
            Err(fault) => {
                faults.add(FaultCode::LineShape, file, self.due, fault.to_string());
                None
            }
        };
        if let Some(line) = &line {
            self.check(line, heads_segment, file, faults);
        } else if heads_segment {
            faults.add(FaultCode::SegmentHead, file, self.due, "");
        }
        self.append(leaf);
        line
    }

    /// Takes a line that is too long to be hashed.
    pub(super) fn take_unreadable(&mut self, file: &Rc<str>, faults: &mut Faults) {
        faults.add(FaultCode::LineShape, file, self.due, "> 4096 bytes");
        self.append(Digest::ZERO);
    }

    fn append(&mut self, leaf: Digest) {
        if let Some(run) = self.runs.last_mut() {
            run.leaves.push(leaf);
        }
        self.prev = Some(leaf);
        self.due += 1;
    }

    fn check(&mut self, line: &Line, heads_segment: bool, file: &Rc<str>, faults: &mut Faults) {
        if line.n != self.due {
            let detail = format!("{} != {}", line.n, self.due);
            faults.add(FaultCode::LineNumber, file, self.due, detail);
        }
        if self.prev.is_some_and(|prev| prev != line.prev) {
            faults.add(FaultCode::LinePrev, file, self.due, "");
        }
        match &line.event {
            Event::Segment { size, root, peaks } if heads_segment => {
                let head = LogHead { size: *size, root: *root };
                self.segment_line(head, peaks, file, faults);
            }
            Event::Segment { .. } => {
                faults.add(FaultCode::SegmentHead, file, self.due, "segment");
            }
            event if heads_segment => {
                let detail = event.kind().to_owned();
                faults.add(FaultCode::SegmentHead, file, self.due, detail);
            }
            _ => {}
        }
    }

    /// Takes the first line of a segment: a claim about the tree, or its base when the lines before are not here.
    fn segment_line(&mut self, head: LogHead, peaks: &[Digest], file: &Rc<str>, faults: &mut Faults) {
        let line = self.due;
        if head.size != line - 1 {
            let detail = format!("{} != {}", head.size, line - 1);
            faults.add(FaultCode::SegmentHead, file, line, detail);
            return;
        }
        let Some(run) = self.runs.last_mut() else {
            return;
        };
        if run.base.is_none() && run.leaves.is_empty() {
            run.base = Tree::from_peaks(head.size, peaks);
            if run.base.is_none() {
                faults.add(FaultCode::SegmentHead, file, line, "peaks");
            }
        }
        self.claims.push(Claim { head, by: Claimant::Segment(peaks.to_vec()), file: Rc::clone(file), line });
    }

    /// Takes someone's word about the tree; it is checked at the end.
    pub(super) fn claim(&mut self, claim: Claim) {
        self.claims.push(claim);
    }

    /// Checks all claims against the tree; returns the largest verified sizes of checkpoints and of the peer.
    pub(super) fn settle(&mut self, faults: &mut Faults) -> Settled {
        let mut claims = std::mem::take(&mut self.claims);
        claims.sort_by_key(|claim| claim.head.size);
        let mut rest = claims.iter().peekable();
        let mut settled = Settled::default();
        for run in &self.runs {
            while rest.next_if(|claim| claim.head.size < run.before).is_some() {}
            let Some(mut tree) = run.base.clone() else {
                continue;
            };
            let mut leaves = run.leaves.iter();
            loop {
                while let Some(claim) = rest.next_if(|claim| claim.head.size == tree.size()) {
                    settled.check(claim, &tree, faults);
                }
                match leaves.next() {
                    Some(leaf) => tree.push(*leaf),
                    None => break,
                }
            }
        }
        settled
    }
}

/// How far the verified claims reach.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// The largest size of a verified checkpoint.
    pub(super) signed: u64,
    /// The largest size the peer vouches for.
    pub(super) witnessed: u64,
}

impl Settled {
    fn check(&mut self, claim: &Claim, tree: &Tree, faults: &mut Faults) {
        let code = claim.by.fault();
        let agrees = match &claim.by {
            Claimant::Segment(peaks) => peaks == tree.peaks() && claim.head.root == tree.root(),
            Claimant::Checkpoint | Claimant::Peer { .. } => claim.head.root == tree.root(),
        };
        if !agrees {
            // Once the tree is another one, every later claim differs too: the first says where to look.
            faults.add_first(code, &claim.file, claim.line, format!("size {}", claim.head.size));
            return;
        }
        match claim.by {
            Claimant::Segment(_) => {}
            Claimant::Checkpoint => self.signed = claim.head.size,
            Claimant::Peer { .. } => self.witnessed = claim.head.size,
        }
    }
}
