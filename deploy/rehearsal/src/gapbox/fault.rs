//! What can go wrong with one file.

use serde::{Deserialize, Serialize};

/// Something the device does to a file it has picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The file disappears.
    Drop,
    /// This file and those after it disappear.
    Burst,
    /// Everything picked in the same scan disappears, as with a lost disc.
    Disc,
    /// The file comes later than the others.
    Delay,
    /// The file comes again some time after.
    Duplicate,
    /// The file comes after some that were behind it.
    Reorder,
    /// Some bits are flipped.
    Corrupt,
    /// The end is missing.
    Truncate,
    /// The far side sees the file grow.
    Grow,
    /// Letters of the name change between upper and lower case.
    RenameCase,
    /// The name is cut to a few characters and its extension.
    CutName,
    /// The modification time is set to some other moment.
    TouchMtime,
    /// Everything on the same volume comes again some time after, as a disc that is carried twice.
    DiscTwice,
    /// It comes much later because everything does ([`Period`](super::Period)).
    Late,
    /// The device was off while there was something to carry ([`Period`](super::Period)).
    Outage,
}

impl Fault {
    /// All faults, in the order in which they are drawn.
    pub const ALL: [Fault; 15] = [
        Fault::Drop,
        Fault::Burst,
        Fault::Disc,
        Fault::Delay,
        Fault::Duplicate,
        Fault::Reorder,
        Fault::Corrupt,
        Fault::Truncate,
        Fault::Grow,
        Fault::RenameCase,
        Fault::CutName,
        Fault::TouchMtime,
        Fault::DiscTwice,
        Fault::Late,
        Fault::Outage,
    ];

    /// Gives the name used in scripts and reports.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Drop => "drop",
            Fault::Burst => "burst",
            Fault::Disc => "disc",
            Fault::Delay => "delay",
            Fault::Duplicate => "duplicate",
            Fault::Reorder => "reorder",
            Fault::Corrupt => "corrupt",
            Fault::Truncate => "truncate",
            Fault::Grow => "grow",
            Fault::RenameCase => "rename-case",
            Fault::CutName => "cut-name",
            Fault::TouchMtime => "touch-mtime",
            Fault::DiscTwice => "disc-twice",
            Fault::Late => "late",
            Fault::Outage => "outage",
        }
    }

    /// Gives the operator's word.
    pub fn title(self) -> &'static str {
        match self {
            Fault::Drop => "丢失",
            Fault::Burst => "连续丢失",
            Fault::Disc => "整盘丢失",
            Fault::Delay => "迟到",
            Fault::Duplicate => "重复",
            Fault::Reorder => "乱序",
            Fault::Corrupt => "位翻转",
            Fault::Truncate => "截断",
            Fault::Grow => "可见未写完",
            Fault::RenameCase => "文件名大小写改变",
            Fault::CutName => "文件名截短",
            Fault::TouchMtime => "修改时间改变",
            Fault::DiscTwice => "整盘重复送",
            Fault::Late => "整体迟到",
            Fault::Outage => "停机",
        }
    }
}

/// Why the device does not take a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Larger than the device allows.
    Size,
    /// An extension that is not on its list.
    Extension,
    /// A name that is too long.
    Name,
    /// A character in its name that the device does not allow.
    Character,
    /// Not plain text, on a device that passes text only.
    Content,
    /// The far side's quota is full.
    Full,
}

impl Refusal {
    /// All refusals.
    pub const ALL: [Refusal; 6] =
        [Refusal::Size, Refusal::Extension, Refusal::Name, Refusal::Character, Refusal::Content, Refusal::Full];

    /// Gives the name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Size => "refused-size",
            Refusal::Extension => "refused-extension",
            Refusal::Name => "refused-name",
            Refusal::Character => "refused-character",
            Refusal::Content => "refused-content",
            Refusal::Full => "full",
        }
    }

    /// Gives the operator's word.
    pub fn title(self) -> &'static str {
        match self {
            Refusal::Size => "超过大小限制",
            Refusal::Extension => "扩展名不允许",
            Refusal::Name => "文件名过长",
            Refusal::Character => "文件名有不允许的字符",
            Refusal::Content => "内容类型不允许",
            Refusal::Full => "对侧目录已满",
        }
    }
}
