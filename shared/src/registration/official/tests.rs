use super::*;
use crate::lang::Lang;
use crate::registration::checks::{Said, lint_by};
use crate::registration::made::{Made, every};
use crate::registration::xml::check;
use std::io::Write;
use std::process::{Command, Stdio};

/// A set of two files, as an official one may be: restricted types in the one, tables with attributes in the other.
const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="area"><xs:restriction base="xs:string"><xs:pattern value="15\d{4}"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="kind"><xs:restriction base="xs:string"><xs:enumeration value="100"/><xs:enumeration value="200"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="name"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="10"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="size"><xs:restriction base="xs:decimal"><xs:minInclusive value="0"/><xs:totalDigits value="8"/><xs:fractionDigits value="2"/></xs:restriction></xs:simpleType>
</xs:schema>"#;
const TABLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:include schemaLocation="types.xsd"/>
  <xs:element name="Message"><xs:complexType><xs:sequence>
    <xs:element name="Head"><xs:complexType><xs:sequence>
      <xs:element name="AreaCode" type="area"/><xs:element name="RegType" type="kind"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="Data"><xs:complexType><xs:sequence>
      <xs:element name="T" maxOccurs="unbounded"><xs:complexType>
        <xs:attribute name="QLRMC" type="name" use="required"/>
        <xs:attribute name="MJ" type="size"/>
        <xs:attribute name="DJSJ" type="xs:dateTime"/>
        <xs:attribute name="SXH" type="xs:int"/>
      </xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

fn files() -> BTreeMap<String, String> {
    let text = |file: &str| decode(file.as_bytes(), None, &XmlLimits::default()).unwrap().undeclared().to_string();
    [("tables.xsd".to_string(), text(TABLES)), ("types.xsd".to_string(), text(TYPES))].into()
}

const GOOD: &str = "<Message><Head><AreaCode>150721</AreaCode><RegType>100</RegType></Head><Data><T QLRMC=\"测试甲\" MJ=\"98.36\" DJSJ=\"2024-03-15T10:21:33\" SXH=\"1\"/></Data></Message>";

/// What is changed in the good document, and the finding that this gives; none where it stays good.
const CHANGES: [(&str, &str, &str); 22] = [
    ("150721", "150722", ""),
    ("150721", "160721", "xsd-form"),
    ("150721", "15072", "xsd-form"),
    (">100<", ">200<", ""),
    (">100<", ">300<", "xsd-code"),
    ("测试甲", "", "xsd-length"),
    ("测试甲", "一二三四五六七八九十", ""),
    ("测试甲", "一二三四五六七八九十一", "xsd-length"),
    ("98.36", "-1", "xsd-range"),
    ("98.36", "98.361", "xsd-range"),
    ("98.36", "1234567.89", "xsd-range"),
    ("98.36", "甲", "xsd-type"),
    ("2024-03-15T10:21:33", "2024-02-30T10:21:33", "xsd-type"),
    ("2024-03-15T10:21:33", "2024-03-15", "xsd-type"),
    ("SXH=\"1\"", "SXH=\"4294967296\"", "xsd-type"),
    ("SXH=\"1\"", "SXH=\" 1 \"", ""),
    ("QLRMC=\"测试甲\"", "", "xsd-missing"),
    (" SXH=\"1\"", " SXH=\"1\" XXX=\"1\"", "xsd-attribute"),
    ("<RegType>100</RegType>", "", "xsd-content"),
    ("</Head>", "<More/></Head>", "xsd-content"),
    ("<Data>", "<Data><U/>", "xsd-content"),
    ("Message>", "Missage>", "xsd-root"),
];

fn changed((from, to, _): &(&str, &str, &str)) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replace(from, to)
}

fn codes(set: &XsdSet, text: &str) -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = set.violations(text).iter().map(|found| words::kind(found.rule).code()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn each_rule_that_is_broken_is_told_by_its_kind_and_place() {
    let set = XsdSet::of(files()).unwrap();
    assert_eq!(set.violations(GOOD), []);
    for change in &CHANGES {
        let found = codes(&set, &changed(change));
        match change.2 {
            "" => assert!(found.is_empty(), "{change:?}: {found:?}"),
            kind => assert!(found.contains(&kind), "{change:?}: {found:?} {:?}", set.violations(&changed(change))),
        }
    }
    let code = set.violations(&changed(&CHANGES[11]));
    assert!(code.iter().any(|one| one.element.as_deref() == Some("T") && one.attribute.as_deref() == Some("MJ")), "{code:?}");
}

#[test]
fn a_set_that_is_none_or_reaches_out_of_its_folder_is_refused() {
    let one = |text: &str| XsdSet::of([("a.xsd".to_string(), text.to_string())].into()).map(|_| ());
    assert!(one("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:include schemaLocation=\"/etc/passwd\"/><xs:element name=\"a\"/></xs:schema>").is_err());
    assert!(one("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:import namespace=\"urn:x\" schemaLocation=\"http://192.0.2.1/x.xsd\"/><xs:element name=\"a\"/></xs:schema>").is_err());
    let odd = XsdSet::of([("a.xsd".to_string(), "<schema/>".to_string())].into());
    assert!(odd.is_err() || odd.is_ok_and(|set| !set.violations("<a/>").is_empty()));
}

#[test]
fn an_installed_set_adds_its_errors_and_none_of_its_own_to_a_message() {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new");
    std::fs::create_dir(&new).unwrap();
    for (name, text) in [("tables.xsd", TABLES), ("types.xsd", TYPES)] {
        std::fs::write(new.join(name), text).unwrap();
    }
    let installed = Installed::load(dir.path()).unwrap();
    assert!(!installed.is_empty() && Installed::load(&dir.path().join("none")).unwrap().is_empty());
    let (code, set) = every(Edition::New)[0];
    let text = Made::of(Edition::New, code, set).text();
    let plain = lint_by("Biz150721240315000001.xml", text.as_bytes(), &Said::default(), None);
    let by = lint_by("Biz150721240315000001.xml", text.as_bytes(), &Said::default(), Some(&installed));
    assert_eq!(plain.findings.errors(), 0);
    let told: Vec<_> = by.findings.told.iter().filter(|finding| finding.code.starts_with("xsd-")).collect();
    assert!(!told.is_empty() && by.findings.errors() == told.len() as u64);
    for finding in told {
        assert!(finding.sentence(Lang::Zh).contains("官方 XSD") && finding.sentence(Lang::Zh).contains("cvc-"), "{finding:?}");
    }
    std::fs::write(new.join("broken.xsd"), "<xs:schema").unwrap();
    assert!(Installed::load(dir.path()).is_err());
}

#[test]
fn a_file_for_each_business_code_judges_the_messages_of_that_code_alone() {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new");
    std::fs::create_dir(&new).unwrap();
    let (strict, loose) = (&every(Edition::New)[0], &every(Edition::New)[1]);
    assert_ne!(strict.0.code, loose.0.code);
    let open = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"Message\"/></xs:schema>";
    for (name, text) in
        [(format!("{}.xsd", strict.0.code), TABLES), (format!("{}.xsd", loose.0.code), open), ("types.xsd".into(), TYPES)]
    {
        std::fs::write(new.join(name), text).unwrap();
    }
    // All of them declare the same root: as one set they could not be compiled.
    let installed = Installed::load(dir.path()).unwrap();
    let errors = |of: usize| {
        let (code, set) = every(Edition::New)[of];
        let text = Made::of(Edition::New, code, set).text();
        lint_by("Biz150721240315000001.xml", text.as_bytes(), &Said::default(), Some(&installed)).findings.errors()
    };
    assert!(errors(0) > 0, "by its own file");
    assert_eq!(errors(1), 0, "by its own file, which takes everything");
    let third = (2..).find(|of| ![&strict.0.code, &loose.0.code].contains(&&every(Edition::New)[*of].0.code)).unwrap();
    assert_eq!(errors(third), 0, "no file of its code is there, and none of another's judges it");
    std::fs::write(new.join(format!("{}.xsd", loose.0.code)), "<xs:schema").unwrap();
    let fault = Installed::load(dir.path()).unwrap_err().to_string();
    assert!(fault.contains(&loose.0.code), "{fault}");
}

/// Asks libxml2, by lxml, whether documents are valid, one a line of its answer.
fn by_lxml(documents: &[String]) -> Vec<bool> {
    const ASK: &str = "import sys, json\nfrom lxml import etree\nschema = etree.XMLSchema(etree.parse(sys.argv[1]))\nfor text in json.load(sys.stdin): print(int(schema.validate(etree.fromstring(text))))";
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("tables.xsd", TABLES), ("types.xsd", TYPES)] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", ASK])
        .arg(dir.path().join("tables.xsd"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 with lxml is needed: apt-get install python3-lxml");
    serde_json::to_writer(python.stdin.as_mut().unwrap(), documents).unwrap();
    python.stdin.take().unwrap().flush().unwrap();
    let answer = python.wait_with_output().unwrap();
    assert!(answer.status.success(), "python3 with lxml is needed: apt-get install python3-lxml");
    String::from_utf8(answer.stdout).unwrap().lines().map(|line| line == "1").collect()
}

#[test]
fn libxml2_says_the_same_of_every_change_and_every_pair_of_changes() {
    let mut documents = vec![GOOD.to_string()];
    for one in &CHANGES {
        documents.push(changed(one));
        documents
            .extend(CHANGES.iter().filter(|two| changed(one).contains(two.0)).map(|two| changed(one).replace(two.0, two.1)));
    }
    // Two changes may make one attribute stand twice: that is for the strict reader to refuse.
    documents.retain(|document| check(document.as_bytes(), &XmlLimits::default()).is_ok());
    assert!(documents.len() > 300, "{}", documents.len());
    let set = XsdSet::of(files()).unwrap();
    let theirs = by_lxml(&documents);
    assert_eq!(theirs.len(), documents.len());
    let differs =
        |(document, valid): (&String, &bool)| (set.violations(document).is_empty() != *valid).then(|| document.clone());
    let apart: Vec<String> = documents.iter().zip(&theirs).filter_map(differs).collect();
    // The recommendation takes the blanks around a whole number away before it is judged; libxml2 does not in an attribute.
    let (blanks, apart): (Vec<String>, Vec<String>) = apart.into_iter().partition(|document| document.contains("SXH=\" 1 \""));
    assert_eq!(apart, Vec::<String>::new());
    assert!(!blanks.is_empty() && blanks.iter().all(|document| set.violations(document).is_empty()), "{blanks:?}");
    println!(
        "{} documents, {} of them valid, judged alike by libxml2",
        documents.len(),
        theirs.iter().filter(|valid| **valid).count()
    );
}
