//! The civil time of Asia/Shanghai, for databases that keep instants and do not know the zone's history.
//!
//! Source: the time zone database, Zone Asia/Shanghai with the rules Shang and PRC, 2024b: local mean time until 1901, summer time in 1919, 1940 to
//! 1949 and 1986 to 1991. A table of our own, since what a machine's time zone files say must not change what crosses.

use super::civil::later;
use jiff::civil::{DateTime, date};

/// Offset before the first change: +08:05:43.
const MEAN_TIME: i32 = 29_143;
const STANDARD: i32 = 28_800;
const SUMMER: i32 = 32_400;

/// Seconds since 1970 of each change; summer time begins and ends by turns behind the first.
const CHANGES: [i64; 29] = [
    -2_177_481_943,
    -1_600_675_200,
    -1_585_904_400,
    -933_667_200,
    -922_093_200,
    -908_870_400,
    -888_829_200,
    -881_049_600,
    -767_869_200,
    -745_833_600,
    -733_827_600,
    -716_889_600,
    -699_613_200,
    -683_884_800,
    -670_669_200,
    -652_348_800,
    -650_019_600,
    515_527_200,
    527_014_800,
    545_162_400,
    558_464_400,
    577_216_800,
    589_914_000,
    608_666_400,
    621_968_400,
    640_116_000,
    653_418_000,
    671_565_600,
    684_867_600,
];

/// Gives the portable text of an instant: the civil time of Asia/Shanghai with its offset then.
///
/// `seconds` count from 1970-01-01 00:00:00 at UTC, `nanos` go on from there (0 to 999,999,999). `None` outside the years 0001 to 9999.
pub fn in_shanghai(seconds: i64, nanos: u32) -> Option<String> {
    let offset = offset(seconds);
    let epoch: DateTime = date(1970, 1, 1).at(0, 0, 0, i32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?);
    let civil = later(epoch, seconds.checked_add(i64::from(offset))?)?;
    let (hours, minutes, rest) = (offset / 3600, offset / 60 % 60, offset % 60);
    let rest = if rest == 0 { String::new() } else { format!(":{rest:02}") };
    Some(format!("{civil}+{hours:02}:{minutes:02}{rest}"))
}

fn offset(seconds: i64) -> i32 {
    match CHANGES.partition_point(|change| *change <= seconds) {
        0 => MEAN_TIME,
        passed if passed % 2 == 1 => STANDARD,
        _ => SUMMER,
    }
}
