//! The rules of XML Schema in the clerk's words.

use crate::lang::Lang;
use crate::say;

/// What a clerk has to do about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Content,
    Attribute,
    Missing,
    Code,
    Length,
    Form,
    Range,
    Type,
    Double,
    Unread,
    Other,
}

/// Gives the kind of a rule.
pub(super) fn kind(rule: &str) -> Kind {
    let of = |begins: &str| rule.strip_prefix(begins).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']));
    match rule {
        "unread" => Kind::Unread,
        "cvc-enumeration-valid" => Kind::Code,
        "cvc-length-valid" | "cvc-minLength-valid" | "cvc-maxLength-valid" => Kind::Length,
        "cvc-pattern-valid" => Kind::Form,
        "cvc-minInclusive-valid" | "cvc-maxInclusive-valid" | "cvc-minExclusive-valid" | "cvc-maxExclusive-valid" => {
            Kind::Range
        }
        "cvc-totalDigits-valid" | "cvc-fractionDigits-valid" => Kind::Range,
        _ if of("cvc-elt.1") => Kind::Root,
        _ if of("cvc-complex-type.3") || of("cvc-assess-attr") => Kind::Attribute,
        _ if of("cvc-complex-type.4") => Kind::Missing,
        _ if of("cvc-complex-type.2") => Kind::Content,
        _ if of("cvc-datatype-valid") || of("cvc-simple-type") || of("cvc-type") || of("cvc-attribute") => Kind::Type,
        _ if of("cvc-identity-constraint") || of("cvc-id") => Kind::Double,
        _ => Kind::Other,
    }
}

impl Kind {
    /// Gives the finding's code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Root => "xsd-root",
            Self::Content => "xsd-content",
            Self::Attribute => "xsd-attribute",
            Self::Missing => "xsd-missing",
            Self::Code => "xsd-code",
            Self::Length => "xsd-length",
            Self::Form => "xsd-form",
            Self::Range => "xsd-range",
            Self::Type => "xsd-type",
            Self::Double => "xsd-key",
            Self::Unread => "xsd-unread",
            Self::Other => "xsd-other",
        }
    }

    /// Says what is wrong and what to do; the rule stands before it, for whoever supports the registration system.
    pub(super) fn sentence(self, rule: &str, lang: Lang) -> String {
        let [zh, en] = match self {
            Self::Root => [
                "官方 XSD 里没有这个根元素，可能是别的版本的报文。请核对版本。",
                "The official schema has no such root element: it may be a message of another edition. Check the edition.",
            ],
            Self::Content => [
                "官方 XSD 不允许这里有这个元素，或要求的元素缺少、次序不对。请在登记系统中补全或更正后重新生成。",
                "The official schema does not allow this element here, or one that it wants is missing or out of order. Have the registration system complete or correct the message.",
            ],
            Self::Attribute => [
                "官方 XSD 里这张表没有这个字段。请在登记系统中去掉或改正字段名。",
                "The official schema's table has no such field. Have the registration system leave it out or name it rightly.",
            ],
            Self::Missing => [
                "官方 XSD 要求的字段缺少。请在登记系统中补填后重新生成。",
                "A field that the official schema requires is missing. Supply it in the registration system and make the message anew.",
            ],
            Self::Code => [
                "值不在官方 XSD 列出的代码里。请在登记系统中改为规定的代码。",
                "The value is none of the codes that the official schema lists. Correct it in the registration system.",
            ],
            Self::Length => [
                "值的长度不符合官方 XSD。请在登记系统中缩短或补全。",
                "The value is longer or shorter than the official schema allows. Correct it in the registration system.",
            ],
            Self::Form => [
                "值的写法不符合官方 XSD。请在登记系统中按规定的格式填写。",
                "The value is not written as the official schema wants. Correct it in the registration system.",
            ],
            Self::Range => [
                "数值超出官方 XSD 的范围或位数。请在登记系统中核对数值。",
                "The number is out of the official schema's range, or has too many digits. Check it in the registration system.",
            ],
            Self::Type => [
                "值不是官方 XSD 规定的类型（如日期、整数）。请在登记系统中改正。",
                "The value is not of the official schema's type (a date, a whole number …). Correct it in the registration system.",
            ],
            Self::Double => [
                "官方 XSD 要求唯一或能对应的值重复或对应不上。请在登记系统中核对。",
                "A value that the official schema wants unique, or found elsewhere, is not. Check it in the registration system.",
            ],
            Self::Unread => [
                "按官方 XSD 检查没有做完。请把文件交给维护人员。",
                "The check by the official schema could not be finished. Hand the file to support.",
            ],
            Self::Other => [
                "不符合官方 XSD。请把文件和这条规则交给登记系统的维护人员。",
                "It breaks the official schema. Hand the file and the rule to the registration system's support.",
            ],
        };
        say!(lang, "官方 XSD 的规则 {rule}：{zh}", "Official schema, rule {rule}: {en}")
    }
}
