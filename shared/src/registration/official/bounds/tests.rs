use std::time::{Duration, Instant};

use super::*;
use crate::registration::official::XsdSet;

const SPACE: &str = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";

fn schema(inside: &str) -> String {
    format!("<xs:schema {SPACE}>{inside}</xs:schema>")
}

fn set<const N: usize>(files: [(&str, String); N]) -> BTreeMap<String, String> {
    files.map(|(name, text)| (name.to_string(), text)).into()
}

fn judged(inside: &str) -> Result<(), Excess> {
    check(&set([("a.xsd", schema(inside))])).map(drop)
}

/// Joins what is made for each number.
fn each(numbers: std::ops::Range<usize>, of: impl Fn(usize) -> String) -> String {
    numbers.map(of).collect()
}

fn message(content: &str) -> String {
    format!("<xs:element name=\"Message\" type=\"M\"/><xs:complexType name=\"M\">{content}</xs:complexType>")
}

fn nested(begins: &str, times: usize) -> String {
    let ends = format!("</{}>", begins.trim_start_matches('<').split(' ').next().unwrap());
    format!("{}<xs:element name=\"x\" minOccurs=\"0\"/>{}", begins.repeat(times), ends.repeat(times))
}

/// Definitions of which each refers twice to the one before it.
fn doubling(first: &str, definition: impl Fn(usize) -> String) -> String {
    format!("{first}{}", each(1..31, definition))
}

#[test]
fn definitions_that_double_at_each_step_are_refused_before_they_are_copied() {
    let group = |at: usize| {
        let refers = format!("<xs:group ref=\"g{}\"/>", at - 1).repeat(2);
        format!("<xs:group name=\"g{at}\"><xs:sequence>{refers}</xs:sequence></xs:group>")
    };
    let groups = doubling("<xs:group name=\"g0\"><xs:sequence><xs:element name=\"x\"/></xs:sequence></xs:group>", group);
    let attributes = |at: usize| {
        let refers = format!("<xs:attributeGroup ref=\"a{0}\"/><xs:attributeGroup ref=\"b{0}\"/>", at - 1);
        ["a", "b"].map(|name| format!("<xs:attributeGroup name=\"{name}{at}\">{refers}</xs:attributeGroup>")).concat()
    };
    let first = ["a", "b"]
        .map(|name| format!("<xs:attributeGroup name=\"{name}0\"><xs:attribute name=\"{name}\"/></xs:attributeGroup>"));
    let union = |at: usize| {
        let members = format!("<xs:union memberTypes=\"u{0} v{0}\"/>", at - 1);
        ["u", "v"].map(|name| format!("<xs:simpleType name=\"{name}{at}\">{members}</xs:simpleType>")).concat()
    };
    let types =
        ["u", "v"].map(|name| format!("<xs:simpleType name=\"{name}0\"><xs:restriction base=\"xs:int\"/></xs:simpleType>"));
    for hostile in [
        message("<xs:group ref=\"g30\"/>") + &groups,
        message("<xs:attributeGroup ref=\"a30\"/>") + &doubling(&first.concat(), attributes),
        message("<xs:attribute name=\"x\" type=\"u30\"/>") + &doubling(&types.concat(), union),
    ] {
        assert_eq!(judged(&hostile), Err(Excess::Parts));
    }
}

#[test]
fn what_is_unrolled_within_what_is_unrolled_is_counted_by_its_product() {
    for begins in [
        "<xs:sequence minOccurs=\"0\" maxOccurs=\"3\">",
        "<xs:choice minOccurs=\"0\" maxOccurs=\"unbounded\">",
        "<xs:sequence minOccurs=\"1\" maxOccurs=\"unbounded\">",
        "<xs:sequence minOccurs=\"0\" maxOccurs=\"99999999999999999999999\">",
    ] {
        let inside = |depth| judged(&message(&nested(begins, depth)));
        assert_eq!((inside(2), inside(50)), (Ok(()), Err(Excess::Parts)), "{begins}");
    }
    let once = "<xs:element name=\"x\" minOccurs=\"4294967294\" maxOccurs=\"4294967295\"/>";
    assert_eq!(judged(&message(&format!("<xs:sequence>{once}</xs:sequence>"))), Ok(()));
}

#[test]
fn wide_content_many_namespaces_and_facets_that_are_copied_are_refused() {
    let wide = each(0..5000, |at| format!("<xs:element name=\"x{at}\" minOccurs=\"0\"/>"));
    for of in ["choice", "sequence"] {
        assert_eq!(judged(&message(&format!("<xs:{of}>{wide}</xs:{of}>"))), Err(Excess::Compared));
    }
    let heads = each(0..5000, |at| format!("<xs:element name=\"s{at}\" substitutionGroup=\"h\"/>"));
    assert_eq!(judged(&(message("<xs:choice><xs:element ref=\"h\"/></xs:choice>") + &heads)), Err(Excess::Compared));
    let codes = each(0..20_000, |at| format!("<xs:enumeration value=\"{at}\"/>"));
    let listed =
        format!("<xs:simpleType name=\"s\"><xs:restriction base=\"xs:string\">{codes}</xs:restriction></xs:simpleType>");
    assert_eq!(judged(&listed), Ok(()));
    let copies = each(0..100, |at| format!("<xs:simpleType name=\"t{at}\"><xs:restriction base=\"s\"/></xs:simpleType>"));
    assert_eq!(judged(&(listed.clone() + &copies)), Err(Excess::Parts));
    let mut spaces: BTreeMap<String, String> = set([("c.xsd", schema(&listed))]);
    for at in 0..20 {
        let text =
            format!("<xs:schema {SPACE} targetNamespace=\"urn:{at}\"><xs:include schemaLocation=\"c.xsd\"/></xs:schema>");
        spaces.insert(format!("n{at}.xsd"), text);
    }
    assert_eq!(check(&spaces).map(drop), Err(Excess::Parts));
    let keys =
        each(0..101, |at| format!("<xs:key name=\"k{at}\"><xs:selector xpath=\".//*\"/><xs:field xpath=\"@a\"/></xs:key>"));
    assert_eq!(judged(&format!("<xs:element name=\"Message\">{keys}</xs:element>")), Err(Excess::Keys));
}

#[test]
fn patterns_are_counted_by_what_they_repeat() {
    let of = |pattern: &str| {
        judged(&format!(
            "<xs:simpleType name=\"s\"><xs:restriction base=\"xs:string\"><xs:pattern value=\"{pattern}\"/></xs:restriction></xs:simpleType>"
        ))
    };
    assert_eq!(of("[1-9]\\d{5}(18|19|20)\\d{2}(0[1-9]|1[0-2])\\d{5}[0-9Xx]"), Ok(()));
    for hostile in ["((a{1000}){1000}){1000}".to_string(), "\\p{L}{100}".repeat(1000), "a|".repeat(60_000)] {
        assert_eq!(of(&hostile), Err(Excess::Patterns));
    }
}

#[test]
fn a_chain_too_long_a_document_type_and_what_is_too_deep_are_refused_and_a_circle_ends() {
    let chain = |count| {
        let link = |at: usize| {
            format!("<xs:group name=\"g{at}\"><xs:sequence><xs:group ref=\"g{}\"/></xs:sequence></xs:group>", at + 1)
        };
        judged(&each(0..count, link))
    };
    assert_eq!((chain(CHAIN_MAX), chain(100_000)), (Ok(()), Err(Excess::Chain)));
    let circle = "<xs:group name=\"a\"><xs:sequence><xs:group ref=\"b\"/></xs:sequence></xs:group><xs:group name=\"b\"><xs:sequence><xs:group ref=\"a\"/></xs:sequence></xs:group>";
    assert_eq!(judged(circle), Ok(()));
    assert!(XsdSet::of(set([("a.xsd", schema(circle))])).is_err());
    let bomb = format!("<!DOCTYPE a [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>{}", schema(""));
    for (text, code) in
        [(bomb, "xml-dtd"), (schema(&nested("<xs:sequence>", 100_000)), "xml-depth"), (schema("<a>"), "xml-not-well-formed")]
    {
        let Err(Excess::Xml(file, fault)) = check(&set([("a.xsd", text)])) else { panic!("{code} is refused") };
        assert_eq!((file.as_str(), fault.code()), ("a.xsd", code));
    }
}

#[test]
fn files_that_include_one_another_are_read_once_each() {
    let mut files = BTreeMap::new();
    for at in 0..100 {
        let others = each(0..100, |other| format!("<xs:include schemaLocation=\"f{other}.xsd\"/>"));
        files.insert(format!("f{at}.xsd"), schema(&format!("{others}<xs:element name=\"e{at}\"/>")));
    }
    let begun = Instant::now();
    assert!(XsdSet::of(files).is_ok());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

mod slow {
    use super::*;

    #[test]
    fn the_largest_sets_that_are_taken_compile_in_bounded_time() {
        // A choice that repeats counts twice.
        let wide = each(0..2_000, |at| format!("<xs:element name=\"x{at}\" minOccurs=\"0\"/>"));
        let flat = each(0..30_000, |at| {
            format!(
                "<xs:complexType name=\"t{at}\"><xs:sequence><xs:element name=\"a\"/></xs:sequence><xs:attribute name=\"b\"/></xs:complexType>"
            )
        });
        for inside in [message(&format!("<xs:choice maxOccurs=\"unbounded\">{wide}</xs:choice>")), flat] {
            let files = set([("a.xsd", schema(&inside))]);
            assert_eq!(check(&files).map(drop), Ok(()));
            let begun = Instant::now();
            let compiled = XsdSet::of(files);
            println!("compiled in {:?}", begun.elapsed());
            assert!(compiled.is_ok(), "{:?}", compiled.err());
            assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        }
    }
}
