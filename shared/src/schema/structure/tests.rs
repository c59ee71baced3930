//! A structure, and what documents make of it.

use super::*;
use crate::lang::Lang;
use crate::schema::document::Document;

const BASE: &str = r#"format = 1
structure = "sample"
version = 1
title = "t"
elements = ["M", "M/A", "M/A/X", "M/AB"]

[[table]]
name = "parent"
key = ["id"]
columns = [
  { name = "id", type = "text(28)", null = false },
  { name = "a", type = "decimal(1,0)" },
  { name = "b", type = "text(100)" },
]

[[table]]
name = "child"
key = ["id"]
columns = [
  { name = "id", type = "text(28)", null = false },
  { name = "of", type = "text(28)" },
]
references = [{ columns = ["of"], table = "parent", to = ["id"] }]

[[table]]
name = "words"
key = ["dm"]
columns = [{ name = "dm", type = "text(4)", null = false }, { name = "mc", type = "text(20)", null = false }]
rows = [{ dm = "1", mc = "one" }]
"#;

/// The sample, for tests of other parts.
pub(in crate::schema) fn sample() -> Structure {
    Structure::read(BASE.as_bytes()).unwrap()
}

/// A document of these operations for the sample.
pub(in crate::schema) fn document(changes: &str) -> Document {
    let head =
        "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n";
    Document::read(format!("{head}{changes}\n").as_bytes()).unwrap()
}

fn refused(changes: &str) -> WhyNot {
    let unfit = sample().apply(&document(changes)).unwrap_err();
    assert_eq!(unfit.line, 8, "the line of the operation");
    for lang in [Lang::Zh, Lang::En] {
        assert!(unfit.sentence("f.toml", lang).starts_with("f.toml"), "{unfit}");
    }
    unfit.why
}

#[test]
fn a_rename_to_a_name_that_is_there_or_differs_in_case_alone_is_refused() {
    for to in ["a", "A", "B"] {
        let rename = format!("[[change]]\nop = \"rename-column\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"{to}\"");
        assert_eq!(refused(&rename), WhyNot::Wrong(Wrong::Twice(to.into())));
    }
}

#[test]
fn a_description_that_cannot_be_is_refused_with_its_line() {
    let cases: [(&str, &str, usize, Wrong); 7] = [
        ("version = 1", "version = 0", 1, Wrong::Head),
        ("name = \"b\"", "name = \"A\"", 7, Wrong::Twice("A".into())),
        ("key = [\"dm\"]", "key = [\"xx\"]", 25, Wrong::NoColumn { table: "words".into(), column: "xx".into() }),
        ("table = \"parent\", to", "table = \"nobody\", to", 0, Wrong::NoTable("nobody".into())),
        (
            "\"text(28)\", null = false },\n  { name = \"of\"",
            "\"text(28)\" },\n  { name = \"of\"",
            16,
            Wrong::NullKey("id".into()),
        ),
        ("mc = \"one\"", "mc = \"a very very long word indeed\"", 25, Wrong::Value("mc".into())),
        ("[{ dm = \"1\", mc = \"one\" }]", "[{ dm = \"1\" }]", 25, Wrong::Row("words".into())),
    ];
    for (from, to, line, wrong) in cases {
        assert!(BASE.contains(from), "{from}");
        let fault = Structure::read(BASE.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!(fault, DescriptionFault { line, wrong }, "{to}");
    }
    assert!(matches!(Structure::read(b"format = 1\nx = ").unwrap_err().wrong, Wrong::Toml(_)));
}

#[test]
fn each_operation_gives_the_structure_that_it_says() {
    let next = sample()
        .apply(&document(
            r#"
[[change]]
op = "add-column"
table = "parent"
column = "c"
type = "text(500)"
[[change]]
op = "widen"
table = "parent"
column = "b"
to = "text(4000)"
[[change]]
op = "retype"
table = "parent"
column = "a"
to = "text(100)"
[[change]]
op = "rename-column"
table = "parent"
column = "id"
to = "ident"
[[change]]
op = "drop-column"
table = "parent"
column = "c"
[[change]]
op = "dictionary-rows"
table = "words"
rows = [{ dm = "1", mc = "eins" }, { dm = "2", mc = "zwei" }]
[[change]]
op = "rename-element"
element = "M/A"
to = "B"
"#,
        ))
        .unwrap();
    assert_eq!(next.version, 2);
    let parent = next.table("parent").unwrap();
    let columns: Vec<String> = parent.columns.iter().map(|column| format!("{} {}", column.name, column.kind)).collect();
    assert_eq!(columns, ["ident text(28)", "a text(100)", "b text(4000)"]);
    assert_eq!(parent.key, ["ident"]);
    assert_eq!(next.table("child").unwrap().references[0].to, ["ident"], "a child follows its parent's column");
    let words: Vec<&str> = next.table("words").unwrap().rows.iter().flatten().map(|row| row["mc"].as_str()).collect();
    assert_eq!(words, ["eins", "zwei"]);
    assert_eq!(next.elements, ["M", "M/B", "M/B/X", "M/AB"]);
}

#[test]
fn what_a_structure_does_not_bear_is_refused_with_the_line() {
    let change = |rest: &str| format!("[[change]]\n{rest}");
    assert!(matches!(refused(&change("op = \"drop-column\"\ntable = \"parent\"\ncolumn = \"id\"")), WhyNot::LeanedOn(_)));
    assert!(matches!(refused(&change("op = \"drop-column\"\ntable = \"child\"\ncolumn = \"of\"")), WhyNot::LeanedOn(_)));
    assert!(matches!(
        refused(&change("op = \"widen\"\ntable = \"child\"\ncolumn = \"of\"\nto = \"text(50)\"")),
        WhyNot::LeanedOn(_)
    ));
    assert!(matches!(
        refused(&change("op = \"widen\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(50)\"")),
        WhyNot::NoWidening { .. }
    ));
    assert!(matches!(
        refused(&change("op = \"retype\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"double\"")),
        WhyNot::NoConversion { .. }
    ));
    assert!(matches!(
        refused(&change("op = \"add-column\"\ntable = \"parent\"\ncolumn = \"c\"\ntype = \"text(5)\"\nnull = false")),
        WhyNot::NoDefault(_)
    ));
    assert!(matches!(
        refused(&change("op = \"add-column\"\ntable = \"parent\"\ncolumn = \"B\"\ntype = \"text(5)\"")),
        WhyNot::Wrong(Wrong::Twice(_))
    ));
    assert!(matches!(
        refused(&change("op = \"dictionary-rows\"\ntable = \"parent\"\nrows = [{ id = \"1\" }]")),
        WhyNot::NoDictionary(_)
    ));
    assert!(matches!(refused(&change("op = \"rename-element\"\nelement = \"M/Z\"\nto = \"Y\"")), WhyNot::NoElement(_)));
    assert!(matches!(
        refused(&change("op = \"drop-column\"\ntable = \"Parent\"\ncolumn = \"b\"")),
        WhyNot::Wrong(Wrong::NoTable(_))
    ));
}

#[test]
fn a_document_of_another_structure_or_version_is_not_applied() {
    let document = document("[[change]]\nop = \"drop-column\"\ntable = \"parent\"\ncolumn = \"b\"");
    let other = Structure { name: "other".into(), ..sample() };
    assert!(matches!(other.apply(&document).unwrap_err().why, WhyNot::Other { .. }));
    let next = sample().apply(&document).unwrap();
    assert!(matches!(next.apply(&document).unwrap_err().why, WhyNot::Other { .. }), "once is enough");
}

#[test]
fn two_documents_that_both_call_themselves_the_next_give_two_digests() {
    let one = sample().apply(&document("[[change]]\nop = \"drop-column\"\ntable = \"parent\"\ncolumn = \"b\"")).unwrap();
    let two = sample().apply(&document("[[change]]\nop = \"drop-column\"\ntable = \"parent\"\ncolumn  = \"b\"")).unwrap();
    assert_eq!(one.tables, two.tables);
    assert_ne!(one.digest, two.digest, "a blank more is another document");
}
