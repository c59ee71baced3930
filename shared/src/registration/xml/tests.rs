use proptest::prelude::*;

use super::*;
use crate::lang::Lang;

const SMALL: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='yes'?>\r\n",
    "<!-- 报文 - --><?note a?>\n",
    "<m:报文 xmlns:m=\"urn:a\" 编号='1&lt;&#x4E2D;&#20013;'>\n",
    "  <a b = \"x>y\" c='\"'/>文字 &amp; ]] &gt;<![CDATA[<&]]>]]]]><!----></m:报文 >\n<?end?>\n"
);

fn judge(bytes: impl AsRef<[u8]>) -> Result<XmlFacts, XmlFault> {
    check(bytes.as_ref(), &XmlLimits::default())
}

fn code(bytes: impl AsRef<[u8]>) -> &'static str {
    judge(bytes).map_or_else(|fault| fault.code(), |_| "accepted")
}

fn in_gbk(text: &str) -> Vec<u8> {
    let (bytes, _, lossy) = encoding_rs::GBK.encode(text);
    assert!(!lossy, "{text}");
    bytes.into_owned()
}

fn in_utf_16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

fn small() -> String {
    SMALL.replace("]]]]>", "")
}

#[test]
fn a_document_with_everything_that_is_allowed_is_accepted() {
    let facts = judge(small()).unwrap();
    let expected = XmlFacts { encoding: XmlEncoding::Utf8, root: "m:报文".into(), elements: 2, depth: 2 };
    assert_eq!(facts, expected);
}

#[test]
fn documents_at_the_edge_of_the_rules_are_accepted() {
    for text in [
        "<a/>",
        "\n\t<a/>\r\n",
        "\u{feff}<a/>",
        "\u{feff}<?xml version='1.0' encoding='utf-8'?><a/>",
        "<?xml version = \"1.0\"\n?><a/>",
        "<?xml version='1.0' standalone=\"no\" ?><a/>",
        "<?xmlish x?><a/>",
        "<?a?><a/><?a ?>",
        "<a><?b ?c??></a>",
        "<a>></a>",
        "<a>]]</a>",
        "<a>]]&#62;</a>",
        "<a><![CDATA[]]></a>",
        "<a><![CDATA[ ]] ]> <b> & ]]></a>",
        "<a b='\"' c=\"'\"/>",
        "<a b=']]>'/>",
        "<a\n\tb=''\r\n/>",
        "<a></a\n>",
        "<a>&#9;&#xA;&#xD;&#x10FFFF;&#0000065;</a>",
        "<a b='&quot;&apos;&lt;&gt;&amp;'/>",
        "<a>\u{85}\u{7f}\u{fffd}\u{10ffff}</a>",
        "<_:.-·/>",
        "<p:a q:b='1'/>",
        "<a><!---> --></a>",
        "<!-- - --><a/>",
        "<𠀀/>",
        "<a>俿쿾</a>",
    ] {
        assert_eq!(code(text), "accepted", "{text:?}");
    }
}

#[test]
fn what_the_reader_lets_through_is_refused() {
    for (text, expected) in [
        ("<!DOCTYPE a><a/>", "xml-dtd"),
        ("<a>\0\u{1}</a>", "xml-character"),
        ("<a/><b/>", "xml-not-well-formed"),
        ("<a/>text", "xml-not-well-formed"),
        ("<a><b/>", "xml-truncated"),
        ("<a b='1' b='1'/>", "xml-attribute-twice"),
        ("<a>&x;</a>", "xml-entity"),
        ("", "xml-no-root"),
    ] {
        let mut reader = Reader::from_str(text);
        while reader.read_event().expect("the reader lets it through") != Event::Eof {}
        assert_eq!(code(text), expected, "{text:?}");
    }
}

#[test]
fn a_document_type_is_refused_whatever_it_holds() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<!doctype a><a/>",
        "<!DOCTYPE a SYSTEM \"http://192.0.2.1/a.dtd\"><a/>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM \"file:///etc/passwd\"> %x;]><a/>",
        "<!DOCTYPE",
        "<!DOCTYPE a [",
        "<a><!DOCTYPE a></a>",
        "<a/><!DOCTYPE a>",
    ] {
        assert_eq!(code(text), "xml-dtd", "{text:?}");
    }
}

#[test]
fn only_the_five_entities_and_legal_characters_are_referred_to() {
    for reference in [
        "&nbsp;",
        "&x;",
        "&",
        "& ",
        "&&amp;",
        "&;",
        "&amp",
        "&AMP;",
        "&lt ;",
        "&#;",
        "&#x;",
        "&#0;",
        "&#x1;",
        "&#8;",
        "&#xB;",
        "&#xD800;",
        "&#xFFFE;",
        "&#xFFFF;",
        "&#x110000;",
        "&#99999999999999999999;",
        "&#x4E2Dg;",
        "&#X4E;",
        "&#-1;",
        "&# 65;",
        "&#+65;",
        "&中;",
    ] {
        assert_eq!(code(format!("<a>{reference}</a>")), "xml-entity", "{reference} in text");
        assert_eq!(code(format!("<a b='{reference}'/>")), "xml-entity", "{reference} in a value");
    }
}

#[test]
fn a_reference_outside_the_root_is_refused() {
    assert_eq!(code("&amp;<a/>"), "xml-not-well-formed");
    assert_eq!(code("<a/>&#32;"), "xml-not-well-formed");
}

#[test]
fn characters_that_xml_forbids_are_refused_everywhere() {
    let forbidden = (0..0x20).filter(|c| ![9, 10, 13].contains(c)).chain([0xfffe, 0xffff]);
    for c in forbidden.filter_map(char::from_u32) {
        for (before, after) in
            [("<a>", "</a>"), ("<a b='", "'/>"), ("<!--", "--><a/>"), ("<a><![CDATA[", "]]></a>"), ("<a/><?b ", "?>")]
        {
            let text = format!("{before}{c}{after}");
            assert_eq!(code(&text), "xml-character", "{text:?}");
        }
    }
}

#[test]
fn a_forbidden_character_among_much_text_is_found() {
    for at in 0..200 {
        for forbidden in ["\u{1}", "\u{fffe}", "\u{ffff}"] {
            let text = format!("<a>{}{forbidden}</a>", "x".repeat(at));
            let fault = judge(&text).unwrap_err();
            assert_eq!(fault, XmlFault::Character { at: Place { line: 1, byte: 3 + at } });
        }
    }
}

#[test]
fn structure_that_breaks_the_rules_is_refused() {
    for text in [
        "<a/><b/>",
        "<a></a><a></a>",
        "x<a/>",
        "<a/>x",
        "<a/>\u{a0}",
        "<a/>\u{3000}",
        "<![CDATA[]]><a/>",
        "<a/><![CDATA[ ]]>",
        "\u{feff}\u{feff}<a/>",
        "<?xml version='1.0'?>\u{feff}<a/>",
        " <?xml version='1.0'?><a/>",
        "<a/><?xml version='1.0'?>",
        "<a><?xml version='1.0'?></a>",
        "<?XML version='1.0'?><a/>",
        "<?xMl?><a/>",
        "<??><a/>",
        "<? a?><a/>",
        "<?1?><a/>",
        "<?a+b?><a/>",
        "<?><a/>",
        "</a>",
        "<a></b>",
        "<a></A>",
        "<a><b></a></b>",
        "<a/></a>",
        "<a></ a>",
        "<a></a b='1'>",
        "<a></a/>",
        "<a></>",
        "<a></a\u{a0}>",
        "<>",
        "< a/>",
        "<1/>",
        "<-a/>",
        "<.a/>",
        "<·a/>",
        "<a><\u{3000}/></a>",
        "<a\u{d7}/>",
        "<a b/>",
        "<a b=/>",
        "<a b=1/>",
        "<a b='1'c='2'/>",
        "<a =''/>",
        "<a 1='1'/>",
        "<a b=''x/>",
        "<a b==''/>",
        "<a b:='1' '2'/>",
        "<a b='<'/>",
        "<a b='&lt;<'/>",
        "<a / >",
        "<a //>",
        "<a/ b='1'/>",
        "<a>]]></a>",
        "<a>&lt;x]]></a>",
        "<!-- -- --><a/>",
        "<a/><!-- --->",
        "<a><!-----></a>",
        "<!ELEMENT a ANY><a/>",
        "<a><!b></a>",
        "<![cdata[x]]><a/>",
        "<a><![CDATA [x]]></a>",
        "<!><a/>",
        "<!-a--><a/>",
    ] {
        assert_eq!(code(text), "xml-not-well-formed", "{text:?}");
    }
}

#[test]
fn a_document_without_an_element_is_refused() {
    for text in ["", " \n", "\u{feff}", "<!-- a -->", "<?xml version='1.0'?>", "<?a?>"] {
        assert_eq!(code(text), "xml-no-root", "{text:?}");
    }
}

#[test]
fn an_element_left_open_is_a_truncated_document() {
    for text in [
        "<a>",
        "<a><b/>",
        "<a><b></b>",
        "<a>x",
        "<a b='1'",
        "<a b='x>y",
        "<a b='1\"/>",
        "<a",
        "<",
        "<a></a",
        "<a></",
        "<!--",
        "<a><![CDATA[x]]",
    ] {
        assert_eq!(code(text), "xml-truncated", "{text:?}");
    }
}

#[test]
fn the_fault_before_the_cut_is_named_rather_than_the_cut() {
    for (text, expected) in [
        ("<a b='1' b='2' c", "xml-attribute-twice"),
        ("<a b='<", "xml-not-well-formed"),
        ("<a 1", "xml-not-well-formed"),
        ("<a></b", "xml-not-well-formed"),
        ("<a b='&x;", "xml-entity"),
        ("<a>&amp", "xml-entity"),
        ("<?1 ", "xml-not-well-formed"),
    ] {
        assert_eq!(code(text), expected, "{text:?}");
    }
}

#[test]
fn an_attribute_that_comes_twice_is_refused() {
    for text in [
        "<a b='1' b='2'/>",
        "<a b='1' c='1' b='1'></a>",
        "<a 编号='1' 编号='2'/>",
        "<a abcdefgh1='' abcdefgh2='' abcdefgh1=''/>",
        "<a p:b='' q:b='' p:b=''/>",
        "<a b='1' b=''/>",
    ] {
        assert_eq!(code(text), "xml-attribute-twice", "{text:?}");
    }
}

#[test]
fn an_attribute_that_comes_twice_is_found_at_every_distance() {
    for count in 1..150 {
        let names: Vec<String> = (0..count).map(|n| format!("a{n}=''")).collect();
        let once = format!("<x {}/>", names.join(" "));
        assert_eq!(code(&once), "accepted", "{count}");
        for again in [0, count / 2, count - 1] {
            let before = format!("<x {} ", names.join(" "));
            let fault = judge(format!("{before}a{again}=''/>")).unwrap_err();
            assert_eq!(fault, XmlFault::AttributeTwice { at: Place { line: 1, byte: before.len() } }, "{again} of {count}");
        }
    }
}

#[test]
fn names_alike_in_all_a_key_holds_are_told_apart() {
    let names: Vec<String> = (0..60).map(|n| format!("abcdefgh{n:08}ijklmnop=''")).collect();
    assert_eq!(code(format!("<x {}/>", names.join(" "))), "accepted");
}

#[test]
fn a_malformed_declaration_is_refused() {
    for declaration in [
        "<?xml?>",
        "<?xml ?>",
        "<?xml encoding='UTF-8'?>",
        "<?xml version='1.1'?>",
        "<?xml version='2.0'?>",
        "<?xml version=''?>",
        "<?xml version=1.0?>",
        "<?xml version='1.0\"?>",
        "<?xml version='1.0'encoding='UTF-8'?>",
        "<?xml version='1.0' encoding=''?>",
        "<?xml version='1.0' encoding='8-UTF'?>",
        "<?xml version='1.0' encoding='UTF 8'?>",
        "<?xml version='1.0' standalone='maybe'?>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
        "<?xml version='1.0' version='1.0'?>",
        "<?xml version='1.0' x='y'?>",
        "<?xml version='1.0' ? >",
        "<?xml version='1.0'>",
        "<?xml version='1.0'",
        "<?xml ",
    ] {
        assert_eq!(code(format!("{declaration}<a/>")), "xml-declaration", "{declaration}");
    }
}

#[test]
fn an_encoding_we_do_not_read_is_refused_by_name() {
    for name in ["ISO-8859-1", "Big5", "windows-1252", "UTF-32", "UTF8", "UTF-16LE", "US-ASCII", "x"] {
        let fault = judge(format!("<?xml version='1.0' encoding='{name}'?><a/>")).unwrap_err();
        assert_eq!(fault.code(), "xml-encoding-unknown");
        assert!(fault.sentence(Lang::Zh).contains(name) && fault.sentence(Lang::En).contains(name));
    }
}

#[test]
fn a_resident_id_given_out_as_an_encoding_is_masked() {
    let fault = judge("<?xml version='1.0' encoding='A15072119000101001X'?><a/>").unwrap_err();
    assert!(fault.sentence(Lang::Zh).contains("A1507**********001X"));
    let long = format!("<?xml version='1.0' encoding='{}'?><a/>", "a".repeat(100));
    assert!(judge(long).unwrap_err().sentence(Lang::En).len() < 400);
}

#[test]
fn gbk_bytes_under_a_utf_8_header_are_refused() {
    for header in ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-8'?>"] {
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend(in_gbk("\n<a>不动产</a>"));
        let fault = judge(&bytes).unwrap_err();
        let at = Place { line: 2, byte: header.len() + 4 };
        assert_eq!(fault, XmlFault::EncodingFalse { declared: EncodingName::new("UTF-8"), at });
    }
}

#[test]
fn a_document_in_a_declared_chinese_encoding_is_read() {
    for (name, encoding) in [("GBK", XmlEncoding::Gbk), ("gb2312", XmlEncoding::Gbk), ("GB18030", XmlEncoding::Gb18030)] {
        let facts = judge(in_gbk(&format!("<?xml version='1.0' encoding='{name}'?><报文 名='朱镕基'/>"))).unwrap();
        assert_eq!((facts.encoding, facts.root.as_str()), (encoding, "报文"));
    }
}

#[test]
fn four_bytes_a_character_are_gb18030_but_not_gbk() {
    let document = |name: &str| {
        let mut bytes = format!("<?xml version='1.0' encoding='{name}'?><a>").into_bytes();
        bytes.extend_from_slice(b"\x95\x32\x82\x36</a>");
        bytes
    };
    assert_eq!(code(document("GB18030")), "accepted");
    assert_eq!(code(document("GBK")), "xml-encoding");
    assert_eq!(code(document("GB2312")), "xml-encoding");
}

#[test]
fn bytes_that_are_no_character_of_the_declared_encoding_are_refused() {
    for name in ["GBK", "GB2312", "GB18030"] {
        for wrong in [&b"\x80"[..], b"\xff", b"\x81", b"\x81\x20", b"\x81\xff", b"\x84\x31\x81", "文".as_bytes()] {
            let mut bytes = format!("<?xml version='1.0' encoding='{name}'?>\n<a>").into_bytes();
            let place = Place { line: 2, byte: bytes.len() };
            bytes.extend_from_slice(wrong);
            bytes.extend_from_slice(b"<b/></a>");
            let fault = judge(&bytes).unwrap_err();
            assert_eq!(fault.code(), "xml-encoding", "{name} {wrong:x?}");
            assert_eq!(fault.place().map(|at| at.line), Some(place.line));
            assert!(
                fault.place().is_some_and(|at| at.byte >= place.byte && at.byte <= place.byte + wrong.len()),
                "{wrong:x?} {fault:?}"
            );
        }
    }
}

#[test]
fn a_forbidden_character_is_found_in_gb18030_and_placed_by_its_bytes() {
    let mut bytes = b"<?xml version='1.0' encoding='GB18030'?><a>".to_vec();
    bytes.extend(in_gbk("中文"));
    bytes.extend_from_slice(b"\x95\x32\x82\x36");
    let byte = bytes.len();
    bytes.extend_from_slice(b"\x84\x31\xa4\x38</a>");
    assert_eq!(judge(&bytes), Err(XmlFault::Character { at: Place { line: 1, byte } }));
}

#[test]
fn utf_16_is_read_with_its_mark_and_refused_without() {
    for little in [true, false] {
        for header in ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-16'?>"] {
            let bytes = in_utf_16(&format!("{header}<报文>𠀀</报文>"), little);
            assert_eq!(judge(&bytes).map(|facts| facts.encoding), Ok(XmlEncoding::Utf16));
            assert_eq!(code(&bytes[2..]), "xml-encoding");
            assert_eq!(code(&bytes[..bytes.len() - 1]), "xml-encoding");
        }
    }
}

#[test]
fn a_lone_surrogate_is_refused() {
    let mut bytes = in_utf_16("<a>", true);
    bytes.extend_from_slice(&[0x00, 0xd8, b'<', 0, b'/', 0, b'a', 0, b'>', 0]);
    assert_eq!(code(bytes), "xml-encoding");
    assert_eq!(code(b"<a>\xed\xa0\x80</a>"), "xml-encoding");
}

#[test]
fn a_fault_in_utf_16_is_placed_by_its_bytes() {
    let fault = judge(in_utf_16("<a>\n𠀀<b c='<'/></a>", false)).unwrap_err();
    let at = Place { line: 2, byte: 2 + 2 * 4 + 4 + 2 * 6 };
    assert_eq!(fault, XmlFault::NotWellFormed { flaw: XmlFlaw::LessThan, at });
}

#[test]
fn a_mark_that_gives_the_declaration_the_lie_is_refused() {
    assert_eq!(code("\u{feff}<?xml version='1.0' encoding='GBK'?><a/>"), "xml-encoding");
    assert_eq!(code("\u{feff}<?xml version='1.0' encoding='UTF-16'?><a/>"), "xml-encoding");
    assert_eq!(code("<?xml version='1.0' encoding='UTF-16'?><a/>"), "xml-encoding");
    assert_eq!(code(in_utf_16("<?xml version='1.0' encoding='UTF-8'?><a/>", true)), "xml-encoding");
    assert_eq!(code(in_utf_16("<?xml version='1.0' encoding='GBK'?><a/>", false)), "xml-encoding");
}

#[test]
fn overlong_and_cut_utf_8_is_refused() {
    for wrong in [&b"\xc0\xaf"[..], b"\xe0\x80\xaf", b"\xf4\x90\x80\x80", b"\xe4\xb8", b"\xff", b"\x80"] {
        let mut bytes = b"<a>".to_vec();
        bytes.extend_from_slice(wrong);
        bytes.extend_from_slice(b"</a>");
        assert_eq!(code(bytes), "xml-encoding", "{wrong:x?}");
    }
}

#[test]
fn elements_nest_as_deep_as_the_limit_and_no_deeper() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert_eq!(judge(nested(64)).map(|facts| facts.depth), Ok(64));
    assert_eq!(judge(nested(65)), Err(XmlFault::Depth { at: Place { line: 1, byte: 3 * 64 }, most: 64 }));
    assert_eq!(code("<a>".repeat(1_000_000)), "xml-depth");
}

#[test]
fn an_element_has_as_many_attributes_as_the_limit_and_no_more() {
    let element = |count: usize| format!("<a{}/>", (0..count).map(|n| format!(" b{n}=''")).collect::<String>());
    assert_eq!(code(element(512)), "accepted");
    assert_eq!(code(element(513)), "xml-attributes");
}

#[test]
fn a_file_is_as_long_as_the_limit_and_no_longer() {
    let limits = XmlLimits { bytes: 4, ..XmlLimits::default() };
    assert!(check(b"<a/>", &limits).is_ok());
    assert_eq!(check(b"<a/> ", &limits), Err(XmlFault::Size { bytes: 5, most: 4 }));
}

#[test]
fn a_document_cut_at_any_byte_is_refused() {
    let text = small();
    let whole = text.trim_end_matches("\n<?end?>\n").len();
    for cut in 0..whole {
        let refused = judge(&text.as_bytes()[..cut]);
        assert!(refused.is_err(), "cut at {cut}: {:?}", &text.as_bytes()[..cut]);
    }
    assert_eq!(code(&text[..whole]), "accepted");
}

#[test]
fn a_chinese_document_cut_at_any_byte_is_refused() {
    let text = "<?xml version='1.0' encoding='GB18030'?><报文 编号='一'>文字</报文>";
    for bytes in [in_gbk(text), in_utf_16(&text.replace("GB18030", "UTF-16"), true)] {
        assert_eq!(code(&bytes), "accepted");
        for cut in 0..bytes.len() {
            assert!(judge(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}

#[test]
fn a_fault_is_placed_by_line_and_byte() {
    let fault = judge("\u{feff}<a>\n<b>\n 甲<c d='<'/></b></a>").unwrap_err();
    assert_eq!(fault.place(), Some(Place { line: 3, byte: 3 + 4 + 4 + 4 + 6 }));
    assert!(fault.sentence(Lang::Zh).contains("第 3 行"));
    assert!(fault.sentence(Lang::En).contains("line 3, byte 21"));
}

#[test]
fn no_sentence_repeats_what_stands_in_the_file() {
    let secret = "S15072119000101001X";
    for text in [
        format!("<{secret} {secret}='1' {secret}='2'/>"),
        format!("<{secret}></{secret}x>"),
        format!("<a>&{secret};</a>"),
        format!("<?xml version='{secret}'?><a/>"),
        format!("<!DOCTYPE {secret}><a/>"),
        format!("<a/>{secret}"),
        format!("<a><?xml {secret}?></a>"),
        format!("<a {secret}"),
        format!("<a {secret}='\u{1}'"),
        format!("<!{secret}>"),
    ] {
        let fault = judge(&text).unwrap_err();
        for shown in [fault.sentence(Lang::Zh), fault.sentence(Lang::En), fault.to_string(), format!("{fault:?}")] {
            assert!(!shown.contains("19000101"), "{shown}");
        }
    }
}

#[test]
fn every_code_is_of_lower_case_letters_digits_and_hyphens() {
    for text in ["", "<a", "<a b='' b=''/>", "x", "<!D", "\u{1}", "<a>&x;</a>", "<?xml?>", "<?xml version='1.0' encoding='x'?>"]
    {
        let fault = judge(text).unwrap_err();
        assert!(fault.code().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        assert!(fault.sentence(Lang::Zh).ends_with('。') && fault.sentence(Lang::En).ends_with('.'));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = judge(&bytes);
    }

    #[test]
    fn any_soup_of_markup_is_judged_without_a_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..24)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        if let Err(fault) = judge(&text) {
            prop_assert!(fault.place().is_none_or(|at| at.byte <= text.len()));
            prop_assert!(!fault.sentence(Lang::Zh).is_empty());
        }
    }

    #[test]
    fn any_mutant_is_judged_without_a_panic(
        encoding in 0..4,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..3), 1..6),
    ) {
        let mut bytes = match encoding {
            0 => small().into_bytes(),
            1 => in_gbk(&small().replace("UTF-8", "GBK")),
            2 => in_utf_16(&small().replace("UTF-8", "UTF-16"), true),
            _ => in_gbk(&small().replace("UTF-8", "GB18030")),
        };
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let Err(fault) = judge(&bytes) {
            prop_assert!(fault.place().is_none_or(|at| at.byte <= bytes.len() && at.line <= bytes.len() + 1));
        }
    }
}

const PIECES: [&str; 32] = [
    "<",
    ">",
    "/",
    "/>",
    "</",
    "a",
    "b",
    " ",
    "=",
    "'",
    "\"",
    "&",
    ";",
    "&amp;",
    "&#65;",
    "<a>",
    "</a>",
    "<a/>",
    "<!--",
    "-->",
    "-",
    "<?",
    "?>",
    "<![CDATA[",
    "]]>",
    "]",
    "<!DOCTYPE",
    "xml",
    "\u{feff}",
    "报文",
    " b='1'",
    "<?xml version='1.0'?>",
];
