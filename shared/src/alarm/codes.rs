//! The kinds of alarm: one table of codes, each with what it means and what to do, in both languages.
//!
//! A code is stable: programs, the packet log and the stored alarms name it. A new kind is a new row.

use crate::lang::Lang;

/// How much an alarm wants of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth a look today; `status` shows it and its exit code does not.
    Warning,
    /// A person must act; until somebody takes note of it `status` leaves with 1.
    Alarm,
}

/// Writes the table once: the variant, its code, its level, what it means and what to do (Chinese, English).
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $level:ident means [$zh:literal, $en:literal] next [$zh_next:literal, $en_next:literal])+) => {
        /// A kind of alarm.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Gives the stable code.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Tells how much it wants of people.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)+ }
            }

            /// Says what it means.
            pub fn means(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Self::$variant, Lang::Zh) => $zh, (Self::$variant, Lang::En) => $en,)+ }
            }

            /// Says what to do.
            pub fn next(self, lang: Lang) -> &'static str {
                match (self, lang) { $((Self::$variant, Lang::Zh) => $zh_next, (Self::$variant, Lang::En) => $en_next,)+ }
            }
        }
    };
}

codes! {
    /// Nothing came from the peer for longer than is usual.
    Quiet = "quiet" Warning
        means ["在应当通的时间里，已有一段时间没有收到对方的任何东西", "Nothing has come from the peer for a while in which the link should carry"]
        next ["请留意；再没有消息会转为 silent", "keep an eye on it; without news it becomes silent"]
    /// Nothing came from the peer for so long that the link must be taken for broken.
    Silent = "silent" Alarm
        means ["在应当通的时间里，很久没有收到对方的任何东西，链路很可能断了", "Nothing has come from the peer for so long that the link is probably broken"]
        next ["请查隔离设备和摆渡目录，并打电话问对方的站是否在运行；对方放假请写进 calendar.toml，停机维护请用 maintenance 登记", "check the gap device and the ferry directories, and ask the peer by voice whether its station runs; enter its holidays in calendar.toml, and its downtime with maintenance"]
    /// Everything that comes is later than it used to be.
    Late = "late" Alarm
        means ["对方发来的东西全都比平常晚到很多，或者有一侧的时钟被调过", "Everything from the peer comes much later than usual, or a clock of one side was set"]
        next ["请查隔离设备有没有积压，再核对两侧的时钟", "look for a backlog at the gap device, then compare the clocks of both sides"]
    /// The calendar says nothing of this year.
    Calendar = "calendar" Warning
        means ["calendar.toml 里没有今年已公布的放假安排，只能按周末休息判断", "calendar.toml has no announced holidays for this year; only weekends are known to be free"]
        next ["请按国务院办公厅的通知补上今年的放假和调休", "enter this year's holidays and working weekends as announced"]
    /// Early packets take much of their channel's share of the spool.
    Spool70 = "spool-70" Warning
        means ["等待轮次的包和旧的各代留作证据的包已占这条通道留存限额（keep.spool_gib）的七成以上", "Packets that wait for their turn, and evidence of ended epochs, take 70 per cent of the channel's share of the spool (keep.spool_gib)"]
        next ["请用 status、gaps 看它在等什么并处理", "see with status and gaps what it waits for, and mend that"]
    /// Early packets take nearly all of their channel's share of the spool.
    Spool90 = "spool-90" Alarm
        means ["等待轮次的包和旧的各代留作证据的包已占这条通道留存限额（keep.spool_gib）的九成以上，占满后新到的留在摆渡目录", "Packets that wait for their turn, and evidence of ended epochs, take 90 per cent of the channel's share of the spool (keep.spool_gib); once it is full, new ones stay in the ferry directory"]
        next ["请立即用 status、gaps 看它在等什么并处理（补传、放弃登记或解除暂停）", "see now with status and gaps what it waits for, and mend that (resend, waive or release)"]
    /// What the peer never confirmed leaves its keeping time soon.
    UnconfirmedExpiring = "unconfirmed-expiring" Alarm
        means ["有对方一直没有确认的包，三个运行日内就过保存期、不能再重发", "Packets that the peer never confirmed pass their keeping time within three running days and cannot be resent afterwards"]
        next ["请查对方站和回程链路，必要时延长 keep.sent_days 并重启本站", "check the peer's station and the way back; if need be lengthen keep.sent_days and restart the station"]
    /// What the peer has not confirmed grows though the peer is heard.
    Unconfirmed = "unconfirmed" Alarm
        means ["对方有信号，但没确认的包一直在增加、越来越旧：对方收得比本站发得慢，或停在某个包上", "The peer is heard, but what it has not confirmed grows and gets older: it takes in less than is sent, or stands at a packet"]
        next ["请对方看它的 status（磁盘、取走、暂停、缺包），本站可减少报送", "ask the peer to look at its status (disk, takers, holds, gaps); meanwhile send less"]
    /// What waits in the ferry directory grows faster than this station takes it in.
    Backlog = "backlog" Alarm
        means ["摆渡目录里等收的包一直在增加，本站收得比送来的慢", "What waits in the ferry directory grows: more comes than this station takes in"]
        next ["请看本站的磁盘和负荷，并与对方商量减少报送", "look at this station's disk and load, and agree with the peer on sending less"]
    /// The ferry directory stays nearly full.
    FerryQuota = "ferry-quota" Alarm
        means ["在应当通的时间里，发出的包把摆渡目录的限额占到九成以上，设备很久没有取走", "Packets fill 90 per cent of the ferry directory's quota and the device has not taken them for long in which it should carry"]
        next ["请查隔离设备是否还在搬运；包都在，取走后自动继续", "check whether the gap device still carries; no packet is lost, and it goes on by itself"]
    /// A county's daily log waits for a named person.
    LogWaits = "log-waits" Alarm
        means ["有登簿日志等人决定：对方拒收，不知道对方收没收，或多次没有发出", "A daily log waits for a person: it was refused, whether the server has it is not known, or nothing left though it was tried again and again"]
        next ["请用 log show 查看，向对方核实后用 log decide 决定", "see log show, ask at the platform, then decide with log decide"]
    /// A structure change stands half-way where rows leave from, or its database refused it.
    SchemaUnfinished = "schema-unfinished" Alarm
        means ["结构变更在来源数据库停在半路，或被数据库拒绝", "A structure change stands half-way in the source's database, or the database refused it"]
        next ["请看 status 说停在哪一步和为什么，处理后运行 schema resume；要退回用 schema back", "see with status at which step it stands and why, mend that and run schema resume; schema back takes it back"]
    /// The peer has not confirmed a structure change's markers by half of their keeping time.
    SchemaUnconfirmed = "schema-unconfirmed" Alarm
        means ["结构变更的标记已离站，过了保存期的一半还没有回执", "The markers of a structure change left, and half of their keeping time went by without a receipt"]
        next ["请对方看 schema show 在等什么；标记丢了用 resend 补，也可以 schema export 人工送去", "ask the peer what its schema show waits for; resend heals a lost marker, and schema export carries it by hand"]
    /// A marker of a structure change waits for half of the time that its sender keeps packets.
    SchemaHeld = "schema-held" Alarm
        means ["结构变更的标记已等了对方保存期的一半，后面的数据都还没有落地；再等下去，对方保存的包会陆续过期", "A marker of a structure change has waited for half of the time that its sender keeps packets, and nothing behind it is applied; waiting on, packets begin to leave the sender's keeping"]
        next ["请看 status 和 schema show：缺哪条通道的标记就请对方 resend，缺批准就由审批人 schema approve", "see status and schema show: for a marker that is missing the sender runs resend, for an approval that is missing an approver runs schema approve"]
}

impl Code {
    /// Finds a kind by its code; `None` for one that this version does not know.
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_finds_its_kind_and_its_sentences_are_in_their_language() {
        let chinese = |text: &str| text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
        for code in Code::ALL {
            assert_eq!(Code::named(code.as_str()), Some(*code));
            assert!(
                code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{code:?}"
            );
            assert!(chinese(code.means(Lang::Zh)) && chinese(code.next(Lang::Zh)), "{code:?}");
            assert!(!chinese(code.means(Lang::En)) && !chinese(code.next(Lang::En)), "{code:?}");
        }
        assert_eq!(Code::named("no-such-code"), None);
    }
}
