//! Why a document was refused, in a code for programs and a sentence for people.

use std::fmt;

use thiserror::Error;

use crate::lang::{Lang, mask_id};
use crate::say;

/// Points at a byte of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1 by line feeds.
    pub line: usize,
    /// The offset in the file in bytes, counted from 0, byte order mark included.
    pub byte: usize,
}

/// Holds the name of an encoding as a document declares it, cut to 40 characters and masked, fit to be shown.
///
/// It is the only thing of a document that a fault repeats, so whatever looks like a resident id in it is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodingName(String);

impl EncodingName {
    /// Takes a name out of a document.
    pub(super) fn new(declared: &str) -> Self {
        let short: String = declared.chars().take(40).collect();
        Self(mask_id(&short))
    }

    /// Gives the name as it may be shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EncodingName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// Tells why a document was refused. It never repeats the document, apart from the name of its encoding.
///
/// Its `Display` is the English sentence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.sentence(Lang::En))]
pub enum XmlFault {
    /// The file is longer than the limit.
    Size {
        /// Its length.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The declared encoding is none that we read.
    EncodingUnknown {
        /// Its name.
        declared: EncodingName,
    },
    /// The bytes are not in the encoding that the document declares, or that it has by default.
    EncodingFalse {
        /// The encoding declared.
        declared: EncodingName,
        /// The first byte that shows it.
        at: Place,
    },
    /// The XML declaration is malformed, or its version is not 1.0.
    Declaration {
        /// Where it goes wrong.
        at: Place,
    },
    /// The document has a document type.
    DocType {
        /// Where it begins.
        at: Place,
    },
    /// A reference is malformed, names an entity beyond the five predefined, or a character that XML forbids.
    Entity {
        /// Its `&`.
        at: Place,
    },
    /// A character stands in the document that XML forbids.
    Character {
        /// Where it stands.
        at: Place,
    },
    /// Elements are nested deeper than the limit.
    Depth {
        /// The first element beyond it.
        at: Place,
        /// The limit.
        most: usize,
    },
    /// An element has more attributes than the limit.
    Attributes {
        /// The first attribute beyond it.
        at: Place,
        /// The limit.
        most: usize,
    },
    /// An element's or attribute's name is longer than the limit.
    NameLength {
        /// Where it begins.
        at: Place,
        /// The limit in bytes.
        most: usize,
    },
    /// An element has two attributes of one name.
    AttributeTwice {
        /// The later of them.
        at: Place,
    },
    /// The document ends before its root element does.
    Truncated {
        /// The end of the file.
        at: Place,
    },
    /// The document has no element.
    NoRoot {
        /// The end of the file.
        at: Place,
    },
    /// The document breaks another rule of well-formedness.
    NotWellFormed {
        /// Which.
        flaw: XmlFlaw,
        /// Where.
        at: Place,
    },
}

/// Names the rule of well-formedness that a document breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlFlaw {
    /// A tag has no legal name.
    Name,
    /// An attribute lacks its name, its equals sign, a quote, or the white space before it.
    Attribute,
    /// A `<` stands in the value of an attribute.
    LessThan,
    /// `]]>` stands in text.
    SectionEnd,
    /// `--` stands in a comment, or one ends in `--->`.
    CommentDashes,
    /// A processing instruction has no legal target, or an XML declaration stands elsewhere than at the beginning.
    Instruction,
    /// An end tag does not match the element that is open.
    EndTag,
    /// Something other than white space, comments and processing instructions stands outside the root element.
    OutsideRoot,
    /// There is a second root element.
    SecondRoot,
    /// `<!` begins neither a comment nor a CDATA section.
    Markup,
}

impl XmlFault {
    /// Gives the stable code of the fault, of `a`–`z`, `0`–`9` and `-`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Size { .. } => "xml-size",
            Self::EncodingUnknown { .. } => "xml-encoding-unknown",
            Self::EncodingFalse { .. } => "xml-encoding",
            Self::Declaration { .. } => "xml-declaration",
            Self::DocType { .. } => "xml-dtd",
            Self::Entity { .. } => "xml-entity",
            Self::Character { .. } => "xml-character",
            Self::Depth { .. } => "xml-depth",
            Self::Attributes { .. } => "xml-attributes",
            Self::NameLength { .. } => "xml-name-length",
            Self::AttributeTwice { .. } => "xml-attribute-twice",
            Self::Truncated { .. } => "xml-truncated",
            Self::NoRoot { .. } => "xml-no-root",
            Self::NotWellFormed { .. } => "xml-not-well-formed",
        }
    }

    /// Gives the place of the fault; `None` when it is the whole file's.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Size { .. } | Self::EncodingUnknown { .. } => None,
            Self::EncodingFalse { at, .. }
            | Self::Declaration { at }
            | Self::DocType { at }
            | Self::Entity { at }
            | Self::Character { at }
            | Self::Depth { at, .. }
            | Self::Attributes { at, .. }
            | Self::NameLength { at, .. }
            | Self::AttributeTwice { at }
            | Self::Truncated { at }
            | Self::NoRoot { at }
            | Self::NotWellFormed { at, .. } => Some(*at),
        }
    }

    /// Says what is wrong, where, and what to do next.
    pub fn sentence(&self, lang: Lang) -> String {
        let (what, next) = (self.what(lang), self.next(lang));
        match self.place() {
            Some(Place { line, byte }) => say!(
                lang,
                "{what}（第 {line} 行，文件第 {byte} 字节，从 0 起计）。{next}",
                "{what} (line {line}, byte {byte} of the file, counted from 0). {next}"
            ),
            None => say!(lang, "{what}。{next}", "{what}. {next}"),
        }
    }

    fn what(&self, lang: Lang) -> String {
        match self {
            Self::Size { bytes, most } => say!(
                lang,
                "XML 文件长 {bytes} 字节，超过上限 {most} 字节",
                "The XML file is {bytes} bytes long, over the limit of {most}"
            ),
            Self::EncodingUnknown { declared } => say!(
                lang,
                "XML 声明的编码 {declared} 不受支持",
                "The XML declares the encoding {declared}, which is not supported"
            ),
            Self::EncodingFalse { declared, .. } => say!(
                lang,
                "XML 声明（或默认）的编码是 {declared}，实际字节不符",
                "The XML is declared, or by default, {declared}, but its bytes are not"
            ),
            Self::Declaration { .. } => {
                say!(lang, "XML 声明格式不正确，或版本不是 1.0", "The XML declaration is malformed, or its version is not 1.0")
            }
            Self::DocType { .. } => say!(
                lang,
                "XML 含有文档类型声明（DOCTYPE），不允许",
                "The XML has a document type declaration (DOCTYPE), which is not allowed"
            ),
            Self::Entity { .. } => say!(
                lang,
                "XML 含有未定义的实体引用，或非法的字符引用",
                "The XML has a reference to an undefined entity or to a forbidden character, or a stray &"
            ),
            Self::Character { .. } => say!(
                lang,
                "XML 含有不允许的字符（如控制字符）",
                "The XML has a character that XML forbids, such as a control character"
            ),
            Self::Depth { most, .. } => say!(lang, "XML 元素嵌套超过 {most} 层", "The XML nests elements deeper than {most}"),
            Self::Attributes { most, .. } => {
                say!(lang, "XML 的一个元素有超过 {most} 个属性", "An element of the XML has more than {most} attributes")
            }
            Self::NameLength { most, .. } => {
                say!(lang, "XML 的一个名称超过 {most} 字节", "A name in the XML is longer than {most} bytes")
            }
            Self::AttributeTwice { .. } => {
                say!(lang, "XML 的一个元素有两个同名属性", "An element of the XML has two attributes of one name")
            }
            Self::Truncated { .. } => say!(
                lang,
                "XML 不完整：根元素未结束，文件已到末尾",
                "The XML is incomplete: the file ends before its root element does"
            ),
            Self::NoRoot { .. } => {
                say!(lang, "XML 没有根元素", "The XML has no root element")
            }
            Self::NotWellFormed { flaw, .. } => {
                let rule = flaw.rule(lang);
                say!(lang, "XML 格式不正确：{rule}", "The XML is not well-formed: {rule}")
            }
        }
    }

    fn next(&self, lang: Lang) -> String {
        match self {
            Self::Size { .. } | Self::Depth { .. } | Self::Attributes { .. } | Self::NameLength { .. } => say!(
                lang,
                "请供数方拆分后重新提供；确有需要时由管理员调整上限。",
                "Ask the supplier to split it and supply it again; an administrator may raise the limit where it is needed."
            ),
            Self::EncodingUnknown { .. } | Self::EncodingFalse { .. } => say!(
                lang,
                "请供数方改用 UTF-8（或 GBK、GB18030、带字节序标记的 UTF-16），声明与实际一致后重新提供。",
                "Ask the supplier to write UTF-8 (or GBK, GB18030, UTF-16 with a byte order mark), declare it truly, and supply it again."
            ),
            Self::Truncated { .. } | Self::NoRoot { .. } => say!(
                lang,
                "请核对文件是否已写完整，完整后重新提供。",
                "Check whether the file was written to its end, and supply it again when it is whole."
            ),
            _ => say!(lang, "请供数方改正该处后重新提供。", "Ask the supplier to correct that place and supply it again."),
        }
    }
}

impl XmlFlaw {
    fn rule(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Name => ("标签名不合法", "a tag has no legal name"),
            Self::Attribute => {
                ("属性写法不合法（名称、等号、引号或空格）", "an attribute is malformed (name, equals sign, quotes or space)")
            }
            Self::LessThan => ("属性值中有“<”", "a “<” stands in an attribute's value"),
            Self::SectionEnd => ("正文中有“]]>”", "“]]>” stands in text"),
            Self::CommentDashes => ("注释中有“--”", "“--” stands in a comment"),
            Self::Instruction => (
                "处理指令名不合法，或 XML 声明不在文件开头",
                "a processing instruction has no legal target, or an XML declaration is not at the beginning",
            ),
            Self::EndTag => ("结束标签与开始标签不配对", "an end tag does not match its start tag"),
            Self::OutsideRoot => ("根元素之外有内容", "there is content outside the root element"),
            Self::SecondRoot => ("有两个根元素", "there is a second root element"),
            Self::Markup => ("有不认识的“<!”标记", "a “<!” begins nothing that is known"),
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// What a scan found wrong, before its position is turned into a [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breach {
    Declaration,
    DocType,
    Entity,
    Character,
    Depth(usize),
    Attributes(usize),
    NameLength(usize),
    AttributeTwice,
    Truncated,
    NoRoot,
    Flaw(XmlFlaw),
}

/// Where in the text a scan stopped, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) at: usize,
    breach: Breach,
}

impl Stop {
    pub(super) fn new(at: usize, breach: Breach) -> Self {
        Self { at, breach }
    }

    pub(super) fn flaw(at: usize, flaw: XmlFlaw) -> Self {
        Self::new(at, Breach::Flaw(flaw))
    }

    /// Makes the fault, now that its place in the file is known.
    pub(super) fn fault(self, at: Place) -> XmlFault {
        match self.breach {
            Breach::Declaration => XmlFault::Declaration { at },
            Breach::DocType => XmlFault::DocType { at },
            Breach::Entity => XmlFault::Entity { at },
            Breach::Character => XmlFault::Character { at },
            Breach::Depth(most) => XmlFault::Depth { at, most },
            Breach::Attributes(most) => XmlFault::Attributes { at, most },
            Breach::NameLength(most) => XmlFault::NameLength { at, most },
            Breach::AttributeTwice => XmlFault::AttributeTwice { at },
            Breach::Truncated => XmlFault::Truncated { at },
            Breach::NoRoot => XmlFault::NoRoot { at },
            Breach::Flaw(flaw) => XmlFault::NotWellFormed { flaw, at },
        }
    }
}
