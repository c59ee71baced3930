//! What a verification found.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::packet::header::{ChannelName, Epoch};
use crate::suite::StationId;

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Nothing contradicts anything, nothing that is named is missing.
    Pass,
    /// Something contradicts something.
    Fail,
    /// Nothing contradicts anything, but something that is named is missing.
    Incomplete,
}

/// Writes the table of fault codes once: the variant, its code, whether something is missing, and what it says.
macro_rules! fault_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $verdict:ident $zh:literal $en:literal;)+) => {
        /// What can be wrong with a log directory.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FaultCode {
            $($(#[$doc])* $variant,)+
        }

        impl FaultCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the stable code for reports and vectors.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Returns what the fault makes of the verdict.
            pub fn verdict(self) -> Verdict {
                match self { $(Self::$variant => Verdict::$verdict,)+ }
            }

            /// Says in Chinese what is wrong.
            pub fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }

            /// Says in English what is wrong.
            pub fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }
        }
    };
}

fault_codes! {
    /// Lines between two segments, or the segment of a checkpoint file, are not there.
    SegmentMissing = "segment-missing" Incomplete "缺少日志分段" "a segment of the log is missing";
    /// Two segments claim the same lines.
    SegmentOverlap = "segment-overlap" Fail "两个日志分段的行号重叠" "two segments claim the same lines";
    /// The plain and the compressed form of a segment differ.
    SegmentTwoForms = "segment-two-forms" Fail "同一分段的原文与压缩文件内容不同" "the plain and the compressed form of a segment differ";
    /// A compressed segment does not decompress.
    SegmentUnreadable = "segment-unreadable" Fail "压缩分段无法解开" "a compressed segment does not decompress";
    /// A segment does not begin with a right `segment` line, or has one elsewhere.
    SegmentHead = "segment-head" Fail "分段首行不正确" "the first line of a segment is wrong";
    /// A line is not in the one form of its kind.
    LineShape = "line-shape" Fail "日志行格式不正确" "a line is not in its one form";
    /// Line numbers do not count up.
    LineNumber = "line-number" Fail "行号不连续" "line numbers do not count up";
    /// `prev` is not the leaf hash of the line before.
    LinePrev = "line-prev" Fail "本行与上一行的哈希不相接，上一行或本行被改动" "this line does not name the line before it: one of the two was changed";
    /// `init` is not line 2, or stands there twice.
    InitPlace = "init-place" Fail "init 行不在第 2 行" "the init line is not line 2";
    /// The log is about another station than its keyring.
    Station = "station" Fail "日志与可信密钥表不属于同一摆渡站" "the log and its keyring are about different stations";
    /// A complete note is not in the shape of a checkpoint.
    CheckpointShape = "checkpoint-shape" Fail "日志签名点格式不正确" "a note is not in the shape of a checkpoint";
    /// A checkpoint is signed by no log key that is valid at its size.
    CheckpointKey = "checkpoint-key" Fail "日志签名点不是由有效的日志密钥签的" "a checkpoint is signed by no valid log key";
    /// A checkpoint's signature does not verify.
    CheckpointSignature = "checkpoint-signature" Fail "日志签名点的签名不正确" "the signature of a checkpoint is wrong";
    /// A checkpoint's root is not the tree's at its size.
    CheckpointRoot = "checkpoint-root" Fail "日志内容与日志签名点不一致" "the log is not the one a checkpoint was signed over";
    /// A checkpoint names more lines than there are: the tail was cut.
    CheckpointAhead = "checkpoint-ahead" Fail "日志签名点所签的行数多于现有行数，末尾被截去" "a checkpoint names more lines than there are: the tail was cut";
    /// The sizes of checkpoints fall.
    CheckpointOrder = "checkpoint-order" Fail "日志签名点的行数倒退" "the sizes of the checkpoints fall";
    /// No checkpoint reaches the newest segment.
    Unsigned = "unsigned" Incomplete "没有覆盖到最新分段的日志签名点" "no checkpoint reaches the newest segment";
    /// A keyring version that is named, or lies between others, is not there.
    KeyringMissing = "keyring-missing" Incomplete "缺少可信密钥表的一个版本" "a keyring version is missing";
    /// A keyring file's name does not say what is in it.
    KeyringName = "keyring-name" Fail "可信密钥表的文件名与内容不符" "a keyring's file name does not say what is in it";
    /// A keyring cannot be read.
    KeyringShape = "keyring-shape" Fail "可信密钥表格式不正确" "a keyring cannot be read";
    /// A key id is not that of its key.
    KeyId = "key-id" Fail "密钥编号与公钥不符" "a key id is not that of its key";
    /// A keyring's roles do not hold together.
    KeyringRoles = "keyring-roles" Fail "可信密钥表的用途与算法不符" "a keyring's roles do not hold together";
    /// A keyring is not signed by its authority.
    KeyringSignature = "keyring-signature" Fail "可信密钥表的签名不正确" "a keyring is not signed by its authority";
    /// A keyring does not follow the version before it.
    KeyringChain = "keyring-chain" Fail "可信密钥表与上一版本不相接" "a keyring does not follow the version before it";
    /// A packet was applied that a person had gone on without, or the other way round.
    AppliedWaived = "applied-waived" Fail "同一个包既登记了放弃又落地了" "one packet was both waived and applied";
    /// The anchored authority is not this log's, but its peer's.
    AnchorPeer = "anchor" Fail "这是对方站的密钥卡；请给出写这份日志的站自己的密钥卡" "this is the card of the other station: give the card of the station that wrote this log";
    /// The anchored authority is not this log's.
    Anchor = "anchor" Fail "指定的可信密钥表不是本日志的" "the given authority is not that of this log";
    /// An own channel's seqs have a hole or go back.
    PackedSeq = "packed-seq" Fail "发出的包号不连续" "the seqs of packed packets do not count up";
    /// An own channel's numbers do not rise.
    PackedNumber = "packed-number" Fail "发出的编号没有上升" "the numbers of packed packets do not rise";
    /// A packet was placed that was never packed.
    LeftUnknown = "left-unknown" Fail "放入摆渡目录的包没有打包记录" "a packet was placed that was never packed";
    /// Applied seqs have a hole that nobody waived, or go back.
    AppliedSeq = "applied-seq" Fail "落地的包号不连续且未登记放弃" "the seqs of applied packets have a hole that nobody waived, or go back";
    /// A packet was applied that was not seen, or another one was seen.
    AppliedUnseen = "applied-unseen" Fail "落地的包没有收到记录" "a packet was applied that was not seen before";
    /// What the peer says of this log is not this log.
    EchoRoot = "echo-root" Fail "对方见证的内容与本日志不一致" "the peer vouches for another log than this one";
    /// The peer speaks of lines that did not exist yet.
    EchoAhead = "echo-ahead" Fail "对方见证的行数多于当时的行数" "the peer vouches for more lines than there were";
    /// The peer vouches for lines that are not here, and a line says that this station went on from an older copy of its state.
    LinesLost = "lines-lost" Incomplete "对方见证过的日志行不在本日志里（本站登记过从旧备份恢复）；是丢失还是被改写，须与对方的日志核对" "the peer vouches for lines that are not in this log, which says that its station was restored from an older copy: compare it with the peer's log to tell loss from a rewrite";
    /// The peer's log shrank.
    PeerFalls = "peer-falls" Fail "对方日志的行数倒退" "the peer's log shrank";
    /// The peer's log has two roots for one size.
    PeerTwoRoots = "peer-two-roots" Fail "对方日志在同一行数有两个不同的根" "the peer's log has two roots for one size";
    /// A packet that is known to exist is neither here nor waived.
    PacketMissing = "packet-missing" Incomplete "已知存在的摆渡包没有到达，也未登记放弃" "packets known to exist are neither here nor waived";
}

impl Serialize for FaultCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is wrong.
    pub code: FaultCode,
    /// The file it was found in.
    pub file: String,
    /// The log's line number, by position; for checkpoint files the line in the file.
    pub line: Option<u64>,
    /// Numbers and names that tell which, in no language.
    pub detail: String,
    /// What is wrong, in English.
    pub text: String,
}

/// A range of numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// Packets a person went on without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// The first packet.
    pub from: u64,
    /// The last packet.
    pub to: u64,
    /// Who decided.
    pub operator: String,
}

/// Which way a channel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From this station to the peer.
    Sent,
    /// From the peer to this station.
    Received,
}

/// What the log says of one epoch of one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The channel.
    pub channel: ChannelName,
    /// The epoch.
    pub epoch: Epoch,
    /// Which way it goes.
    pub direction: Direction,
    /// Packets that were packed here.
    pub packed: Vec<Span>,
    /// Packets whose records are at the sink.
    pub applied: Vec<Span>,
    /// Packets that were seen and not applied.
    pub waiting: Vec<Span>,
    /// Packets a person went on without.
    pub waived: Vec<Waiver>,
    /// Packets known to exist that are neither here nor waived.
    pub missing: Vec<Span>,
    /// Records, tombstones included, in the packed or applied packets.
    pub records: u64,
    /// Tombstones among them.
    pub tombstones: u64,
    /// Refused records by code.
    pub refused: BTreeMap<String, u64>,
    /// Packets of which two different ones exist.
    pub equivocal: Vec<u64>,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The outcome.
    pub verdict: Verdict,
    /// The keys hang from an authority that the caller gave; else they are the directory's own word.
    pub anchored: bool,
    /// The station, where the directory says it.
    pub station: Option<StationId>,
    /// The first line that is kept.
    pub first_line: u64,
    /// The last line.
    pub lines: u64,
    /// How many lines the newest verified checkpoint covers.
    pub signed: u64,
    /// How many lines the peer vouches for.
    pub witnessed: u64,
    /// Lines above that: nothing outside the station vouches for them.
    pub unwitnessed: u64,
    /// Bytes after the last complete line.
    pub torn_bytes: u64,
    /// Lines of unknown kinds, by kind.
    pub unknown_kinds: BTreeMap<String, u64>,
    /// Other files in the directory.
    pub other_files: Vec<String>,
    /// What is wrong, in the order of the log.
    pub faults: Vec<Fault>,
    /// Faults that were counted and not listed.
    pub faults_not_listed: u64,
    /// What the log says of each channel.
    pub channels: Vec<Coverage>,
}

/// The most faults of one code that are listed.
const LISTED_PER_CODE: u64 = 100;

/// Gathers faults.
#[derive(Debug, Default)]
pub(super) struct Faults {
    listed: Vec<Fault>,
    counts: BTreeMap<FaultCode, u64>,
    not_listed: u64,
}

impl Faults {
    pub(super) fn add(&mut self, code: FaultCode, file: &str, line: impl Into<Option<u64>>, detail: impl Into<String>) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count > LISTED_PER_CODE {
            self.not_listed += 1;
            return;
        }
        let detail = detail.into();
        let between = if detail.is_empty() { "" } else { ": " };
        self.listed.push(Fault {
            code,
            file: file.to_owned(),
            line: line.into(),
            text: format!("{}{between}{detail}", code.en()),
            detail,
        });
    }

    /// The same, for the first fault of its code alone.
    pub(super) fn add_first(&mut self, code: FaultCode, file: &str, line: u64, detail: String) {
        if !self.counts.contains_key(&code) {
            self.add(code, file, line, detail);
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        let fails = |code: &FaultCode| code.verdict() == Verdict::Fail;
        if self.counts.keys().any(fails) {
            Verdict::Fail
        } else if self.counts.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Incomplete
        }
    }

    /// Returns the listed faults in the order of files and lines, and how many are not listed.
    pub(super) fn finish(mut self) -> (Vec<Fault>, u64) {
        self.listed.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        (self.listed, self.not_listed)
    }
}
