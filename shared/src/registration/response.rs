//! The answer to a message (响应报文): root `respond`, one element a field.

use super::nothing::is_blank;
use super::xml::{Element, Visit};

/// Most fields of an answer that are remembered.
const FIELDS_MAX: usize = 64;

/// An answer to a message, whole: nothing of it overwrites anything else of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// Which message it answers (`BizMsgID`).
    pub biz_msg_id: String,
    /// `SuccessFlag`: 1 success, 2 failure (one vendor); whatever is not 1 is no success (another).
    pub success_flag: String,
    /// `ResponseCode`, four places; the list of codes is not public.
    pub response_code: String,
    /// `ResponseInfo`.
    pub response_info: String,
    /// `CertID`.
    pub cert_id: String,
    /// `QRCode`.
    pub qr_code: String,
    /// `AdditionalData` and `AdditionalData2`.
    pub additional: [String; 2],
    /// Fields of other names.
    pub others: Vec<(String, String)>,
    /// Names of fields that come more than once; the first one is taken.
    pub again: Vec<String>,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// `SuccessFlag` is 1.
    Success,
    /// `SuccessFlag` is something else.
    Failure,
    /// There is no `SuccessFlag`.
    Unsaid,
}

impl Response {
    pub(super) fn of(leaves: Leaves<'_>) -> Self {
        let mut response = Self::default();
        let mut met: Vec<&str> = Vec::new();
        for (name, value) in leaves.leaves {
            if met.contains(&name) {
                response.again.push(name.to_string());
                continue;
            }
            met.push(name);
            let place = match name {
                "BizMsgID" => &mut response.biz_msg_id,
                "SuccessFlag" => &mut response.success_flag,
                "ResponseCode" => &mut response.response_code,
                "ResponseInfo" => &mut response.response_info,
                "CertID" => &mut response.cert_id,
                "QRCode" => &mut response.qr_code,
                "AdditionalData" => &mut response.additional[0],
                "AdditionalData2" => &mut response.additional[1],
                _ => {
                    response.others.push((name.to_string(), value));
                    continue;
                }
            };
            *place = value;
        }
        response
    }

    /// Tells what it says.
    pub fn outcome(&self) -> Outcome {
        match self.success_flag.trim() {
            "1" => Outcome::Success,
            flag if is_blank(flag) => Outcome::Unsaid,
            _ => Outcome::Failure,
        }
    }
}

/// Takes the elements right below the root with their texts.
#[derive(Debug, Default)]
pub(super) struct Leaves<'a> {
    pub(super) leaves: Vec<(&'a str, String)>,
    depth: usize,
    /// Whether the element that is open is one of those taken.
    taken: bool,
}

impl Leaves<'_> {
    fn say(&mut self, add: impl FnOnce(&mut String)) {
        if let Some((_, value)) = self.leaves.last_mut().filter(|_| self.depth == 2 && self.taken) {
            add(value);
        }
    }
}

impl<'a> Visit<'a> for Leaves<'a> {
    fn open(&mut self, element: &Element<'_, 'a>) {
        self.depth += 1;
        if self.depth == 2 {
            self.taken = self.leaves.len() < FIELDS_MAX;
            if self.taken {
                self.leaves.push((element.name, String::new()));
            }
        }
    }

    fn text(&mut self, text: &'a str) {
        self.say(|value| value.push_str(text));
    }

    fn letter(&mut self, letter: char) {
        self.say(|value| value.push(letter));
    }

    fn close(&mut self) {
        self.depth -= 1;
    }
}
