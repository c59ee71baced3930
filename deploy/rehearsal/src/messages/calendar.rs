//! The days and office hours at which the invented cases are registered.

use std::fmt;

use crate::random::Random;

const OPENS: u32 = 8 * 3600 + 1800;
const CLOSES: u32 = 17 * 3600 + 1800;

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year of the common era.
    pub year: u32,
    /// Month, 1 … 12.
    pub month: u32,
    /// Day of the month, 1 … 31.
    pub day: u32,
}

impl fmt::Display for Day {
    /// Writes `20240315`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

impl Day {
    /// Gives the form with dashes, `2024-03-15`.
    pub(crate) fn dashed(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// Gives the six digits of a BizMsgID, `240315`.
    pub(crate) fn short(self) -> String {
        format!("{:02}{:02}{:02}", self.year % 100, self.month, self.day)
    }

    fn following(self) -> Day {
        if self.day < self.days_in_month() {
            Day { day: self.day + 1, ..self }
        } else if self.month < 12 {
            Day { month: self.month + 1, day: 1, ..self }
        } else {
            Day { year: self.year + 1, month: 1, day: 1 }
        }
    }

    fn days_in_month(self) -> u32 {
        match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400)) => 29,
            2 => 28,
            _ => 31,
        }
    }
}

/// One moment of registration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The day.
    pub(crate) day: Day,
    /// Seconds since midnight.
    pub(crate) second: u32,
    /// Number of the case on its day, from 1.
    pub(crate) number: u32,
}

impl Moment {
    /// Gives the interface's form, `2024-03-15T10:21:33`.
    pub(crate) fn stamp(&self) -> String {
        let (minutes, seconds) = (self.second / 60, self.second % 60);
        format!("{}T{:02}:{:02}:{:02}", self.day.dashed(), minutes / 60, minutes % 60, seconds)
    }

    /// Gives the same day some minutes earlier or later, never over midnight.
    pub(crate) fn shifted(&self, minutes: i32) -> Moment {
        let second = (self.second as i32 + minutes * 60).clamp(0, 86_399) as u32;
        Moment { second, ..*self }
    }
}

/// Walks through office hours, one case every half minute or so.
#[derive(Debug, Clone)]
pub(crate) struct OfficeClock {
    day: Day,
    second: u32,
    number: u32,
}

impl OfficeClock {
    /// Starts at the opening on 2 January 2024.
    pub(crate) fn start() -> Self {
        OfficeClock { day: Day { year: 2024, month: 1, day: 2 }, second: OPENS, number: 0 }
    }

    /// Goes to the next case.
    pub(crate) fn tick(&mut self, random: &mut Random) -> Moment {
        self.second += random.between(12, 60) as u32;
        if self.second >= CLOSES {
            *self = OfficeClock { day: self.day.following(), second: OPENS, number: 0 };
        }
        self.number += 1;
        Moment { day: self.day, second: self.second, number: self.number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_day_and_the_turn_of_the_year_are_followed() {
        let leap = Day { year: 2024, month: 2, day: 28 }.following();
        assert_eq!(leap.to_string(), "20240229");
        assert_eq!(leap.following().to_string(), "20240301");
        assert_eq!(Day { year: 2024, month: 12, day: 31 }.following().to_string(), "20250101");
    }
}
