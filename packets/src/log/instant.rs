//! The wall clock's text, `2026-11-22T02:16:05.123Z`, without a calendar library.

const DAY_MS: i64 = 86_400_000;
/// 0000-01-01T00:00:00.000Z.
const FIRST_MS: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 253_402_300_799_999;

/// Writes a time; what lies outside the years 0000 … 9999 is written as the nearest time inside.
pub(super) fn write(unix_ms: i64, out: &mut String) {
    let unix_ms = unix_ms.clamp(FIRST_MS, LAST_MS);
    let (year, month, day) = civil_from_days(unix_ms.div_euclid(DAY_MS));
    let ms = unix_ms.rem_euclid(DAY_MS);
    let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
    let (second, milli) = (ms / 1000 % 60, ms % 1000);
    for (value, digits, after) in
        [(year, 4, '-'), (month, 2, '-'), (day, 2, 'T'), (hour, 2, ':'), (minute, 2, ':'), (second, 2, '.'), (milli, 3, 'Z')]
    {
        for place in (0..digits).rev() {
            let digit = value / 10_i64.pow(place) % 10;
            out.push(char::from(b'0' + digit as u8));
        }
        out.push(after);
    }
}

/// Reads a time; `None` unless the text is exactly the one `write` gives.
pub(super) fn read(text: &str) -> Option<i64> {
    let field = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse().ok() } else { None }
    };
    let day = days_from_civil(field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute) = (field(11, 13)?, field(14, 16)?);
    let (second, milli) = (field(17, 19)?, field(20, 23)?);
    let unix_ms = day * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + milli;
    let mut again = String::with_capacity(24);
    write(unix_ms, &mut again);
    (again == text).then_some(unix_ms)
}

/// Returns year, month and day of the proleptic Gregorian calendar; years are counted from March so that the leap day ends one.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // since 0000-03-01
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Returns the days since 1970-01-01.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let from_march = (month + 9) % 12;
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    fn text(unix_ms: i64) -> String {
        let mut out = String::new();
        write(unix_ms, &mut out);
        out
    }

    #[test]
    fn known_times_have_their_known_texts() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(1_795_313_765_123), "2026-11-22T02:16:05.123Z");
        assert_eq!(text(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(text(i64::MIN), "0000-01-01T00:00:00.000Z");
        assert_eq!(text(i64::MAX), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_day_of_eight_centuries_reads_back() {
        for day in -150_000..150_000_i64 {
            let at = day * 86_400_000 + 1;
            assert_eq!(read(&text(at)), Some(at), "{}", text(at));
        }
    }

    #[test]
    fn a_text_in_another_form_is_refused() {
        for wrong in [
            "",
            "2026-11-22T02:16:05Z",
            "2026-11-22 02:16:05.123Z",
            "2026-11-22T02:16:05.123z",
            "2026-11-22T02:16:05.123+",
            "2026-02-29T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2026-11-22T24:00:00.000Z",
            "2026-11-22T02:60:05.123Z",
            "2026-11-22T02:16:60.123Z",
            "+026-11-22T02:16:05.123Z",
            "2026-11-22T02:16:05.1234Z",
            "２026-11-22T02:16:05.1Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
