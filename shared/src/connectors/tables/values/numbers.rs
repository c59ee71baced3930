//! Decimal numbers as text, compared exactly: no floating point, no limit of digits but the value's own.

use super::Why;

/// Largest exponent that is spelled out.
const EXPONENT_MAX: i64 = 20_000;

/// A decimal number: its digits without zeros at either end, and the power of ten they are multiplied with. Zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
    /// Whether the text it was read from has an exponent, or a form that a database may not take.
    rewritten: bool,
}

impl Decimal {
    /// Reads `-?digits[.digits][e[+-]digits]`.
    pub(super) fn read(text: &str) -> Result<Self, Why> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, power) = rest.split_once(['e', 'E']).map_or((rest, None), |(mantissa, power)| (mantissa, Some(power)));
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
        let digits_only = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits_only(whole) || fraction.is_some_and(|part| !digits_only(part)) {
            return Err(Why::NoNumber);
        }
        let power_of_ten = power.map_or(Ok(0), read_power)?;
        let fraction = fraction.unwrap_or_default();
        let all = format!("{whole}{fraction}");
        let front = all.trim_start_matches('0');
        let digits = front.trim_end_matches('0');
        let exponent = power_of_ten - fraction.len() as i64 + (front.len() - digits.len()) as i64;
        let rewritten = power.is_some() || (whole.len() > 1 && whole.starts_with('0'));
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Ok(Self { negative, digits: digits.to_string(), exponent, rewritten })
    }

    /// Tells whether two are the same number.
    pub(super) fn same(&self, other: &Self) -> bool {
        let sign = self.digits.is_empty() || self.negative == other.negative;
        sign && self.digits == other.digits && self.exponent == other.exponent
    }

    /// Gives the number without a point.
    pub(super) fn whole(&self) -> Result<String, Why> {
        if self.exponent < 0 {
            return Err(Why::Scale { max: 0, has: -self.exponent });
        }
        if self.digits.is_empty() {
            return Ok("0".to_string());
        }
        let zeros = usize::try_from(self.exponent).map_err(|_| Why::NoNumber)?;
        if zeros > 40 {
            return Err(Why::NumberRange { bits: 64, unsigned: false });
        }
        Ok(format!("{}{}{}", if self.negative { "-" } else { "" }, self.digits, "0".repeat(zeros)))
    }

    /// Tells whether the number has at most `precision` digits, of them `scale` behind the point.
    pub(super) fn within(&self, precision: u32, scale: i32) -> Result<(), Why> {
        if self.digits.is_empty() {
            return Ok(());
        }
        let (max, has) = (i64::from(scale), -self.exponent);
        if has > max {
            return Err(Why::Scale { max, has });
        }
        let (max, has) = (i64::from(precision) - i64::from(scale), self.digits.len() as i64 + self.exponent);
        if has > max { Err(Why::Digits { max, has }) } else { Ok(()) }
    }

    /// Gives the number without exponent and leading zeros, `None` where it was read in that form.
    pub(super) fn plain(&self) -> Result<Option<String>, Why> {
        if !self.rewritten {
            return Ok(None);
        }
        let sign = if self.negative && !self.digits.is_empty() { "-" } else { "" };
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
        let point = self.digits.len() as i64 + self.exponent;
        if point.abs() > EXPONENT_MAX {
            return Err(Why::NoNumber);
        }
        Ok(Some(match (self.exponent >= 0, point > 0) {
            _ if self.digits.is_empty() => "0".to_string(),
            (true, _) => format!("{sign}{}{}", self.digits, zeros(self.exponent)),
            (false, true) => {
                let (whole, fraction) = self.digits.split_at(usize::try_from(point).unwrap_or_default());
                format!("{sign}{whole}.{fraction}")
            }
            (false, false) => format!("{sign}0.{}{}", zeros(-point), self.digits),
        }))
    }
}

fn read_power(text: &str) -> Result<i64, Why> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Why::NoNumber);
    }
    text.parse().map_err(|_| Why::NoNumber)
}

/// Gives the least and the greatest whole number of so many bits.
pub(super) fn range(bits: u8, unsigned: bool) -> (i128, i128) {
    let bits = u32::from(bits.clamp(1, 64));
    match unsigned {
        true => (0, (1_i128 << bits) - 1),
        false => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
    }
}

/// Tells whether a whole number is in the range of so many bits.
pub(super) fn in_range(whole: &str, bits: u8, unsigned: bool) -> bool {
    let (low, high) = range(bits, unsigned);
    whole.parse::<i128>().is_ok_and(|number| (low..=high).contains(&number))
}

/// Gives a floating-point number in its portable form: the shortest decimal that reads back as the same; `None` for what is no number.
///
/// A number of 32 bits has to be given by its own shortest decimal, not by that of the wider number: `float_text(1.1_f32)`.
pub fn float_text<F: Into<f64> + Copy + std::fmt::Debug>(number: F) -> Option<String> {
    let text = format!("{number:?}");
    number.into().is_finite().then(|| text.strip_suffix(".0").map_or(text.clone(), str::to_string))
}
