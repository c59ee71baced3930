//! What a structure change brings: its document, the description of a structure, and what an administrator's program printed.

use dukou_shared::lang::Lang;
use dukou_shared::schema::plan::{Dialect, Plan};
use dukou_shared::schema::{Document, Structure, answers};
use std::sync::LazyLock;

use super::seeds;

/// The change whose script an output is held against.
static PRINTED: LazyLock<Plan> = LazyLock::new(|| {
    let document = Document::read(&seeds::file("deploy/schema/2-columns.toml")).expect("a document");
    let structure = Structure::read(&seeds::file("deploy/schema/structure.toml")).expect("a structure");
    Plan::of(&structure, &document, Dialect::Oracle).expect("a plan")
});

/// The end whose output it is.
const END: &str = "units in";

/// Reads what a script printed; one that is taken names the change, and one that is refused says why in one short sentence, in both languages.
pub(super) fn output(bytes: &[u8]) -> bool {
    match answers::hold(bytes, &PRINTED, END) {
        Ok(()) => {
            let again = answers::hold(&[bytes, b"\n"].concat(), &PRINTED, END);
            assert!(bytes.starts_with(&UTF16) || again.is_ok(), "a line's end more is nothing: {again:?}");
            true
        }
        Err(fault) => {
            let sentences = [Lang::Zh, Lang::En].map(|lang| fault.sentence("output.txt", lang));
            assert!(sentences.iter().all(|sentence| (1..1000).contains(&sentence.len())), "{sentences:?}");
            false
        }
    }
}

/// The mark that a text in UTF-16 begins with, its low bytes first.
const UTF16: [u8; 2] = [0xff, 0xfe];

pub(super) fn output_seeds() -> Vec<Vec<u8>> {
    let steps = PRINTED.steps.iter().enumerate().filter_map(|(at, step)| {
        let expect = &step.check.as_ref()?.expect;
        Some(format!("dukou-check {} {expect} {expect}\n", at + 1))
    });
    let steps: String = steps.collect();
    let text = format!("SQL> dukou-document {}\n{steps}\n1          dukou-placed {END} 1 1\r\n", PRINTED.digests[1]);
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes);
    vec![UTF16.into_iter().chain(wide).collect(), text.into_bytes()]
}

/// Reads a document; one that is refused says why, in both languages.
pub(super) fn document(bytes: &[u8]) -> bool {
    match Document::read(bytes) {
        Ok(_) => true,
        Err(findings) => {
            assert!(!findings.is_empty());
            for finding in findings {
                assert!(!finding.sentence("a.toml", Lang::Zh).is_empty() && !finding.sentence("a.toml", Lang::En).is_empty());
            }
            false
        }
    }
}

pub(super) fn document_seeds() -> Vec<Vec<u8>> {
    ["2-columns", "3-dictionaries", "4-names"].map(|name| seeds::file(&format!("deploy/schema/{name}.toml"))).into()
}

pub(super) fn structure(bytes: &[u8]) -> bool {
    Structure::read(bytes).is_ok()
}

pub(super) fn structure_seeds() -> Vec<Vec<u8>> {
    vec![seeds::file("deploy/schema/structure.toml")]
}
