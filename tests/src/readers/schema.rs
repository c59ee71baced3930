//! What a structure change brings: its document, and the description of a structure.

use dukou_shared::lang::Lang;
use dukou_shared::schema::{Document, Structure};

use super::seeds;

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
