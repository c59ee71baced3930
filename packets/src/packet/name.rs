//! The file names of packets: a hint for devices and people, never an identity (FORMAT.md section 3).

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

use crate::suite::{LinkId, Random};

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().expect("the alphabet has 32 distinct symbols")
});

/// The extension of packets where no device profile names another one.
pub const EXTENSION: &str = "dkp";

/// The longest extension of packets.
pub const EXTENSION_MAX: usize = 8;

/// The length of a fresh name without its extension and the dot before it.
pub const STEM: usize = 23;

/// Returns a fresh name `P-TTTT-RRRRRRRRRRRRRRRR.dkp`; a `priority` above 9 counts as 9.
pub fn file_name(priority: u8, link: LinkId, random: &dyn Random) -> String {
    file_name_as(priority, link, EXTENSION, random)
}

/// Returns a fresh name as [`file_name`] does, with another extension.
pub fn file_name_as(priority: u8, link: LinkId, extension: &str, random: &dyn Random) -> String {
    let mut drawn = [0; 10];
    random.fill(&mut drawn);
    let tag = BASE32.encode(&link.as_bytes()[..5]);
    format!("{}-{}-{}.{extension}", priority.min(9), &tag[..4], BASE32.encode(&drawn))
}

/// Tells whether packets may have this extension: 1 … 8 of `[a-z0-9]`, and none that says that a file is still being written.
pub fn is_extension(extension: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=EXTENSION_MAX).contains(&extension.len()) && extension.bytes().all(allowed) && !matches!(extension, "part" | "tmp")
}

/// Tells whether a file of this name may be a packet: 1 … 64 characters of `[0-9A-Za-z._~-]`, not hidden, ending in `.dkp`.
pub fn is_packet_name(name: &[u8]) -> bool {
    is_packet_name_as(name, EXTENSION)
}

/// Tells the same where packets may end in `.` and `extension`, too.
pub fn is_packet_name_as(name: &[u8], extension: &str) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._~-".contains(byte);
    let ends_in = |extension: &str| {
        let (end, dot) = (extension.as_bytes(), name.len().checked_sub(extension.len() + 1));
        dot.is_some_and(|dot| name.get(dot) == Some(&b'.') && name.get(dot + 1..).is_some_and(|e| e.eq_ignore_ascii_case(end)))
    };
    name.len() <= 64 && name.iter().all(allowed) && !name.starts_with(b".") && (ends_in(EXTENSION) || ends_in(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_either_extension_are_packets_and_no_others() {
        for name in ["a.dkp", "0-abcd-x.TXT", "a.b.txt", "x~.DKP"] {
            assert!(is_packet_name_as(name.as_bytes(), "txt"), "{name}");
        }
        for name in [".txt", "txt", "a.txt.part", "a.tx", "a b.txt", "a/b.txt", ".a.dkp"] {
            assert!(!is_packet_name_as(name.as_bytes(), "txt"), "{name}");
        }
        assert!(!is_packet_name(b"a.txt"));
        assert!(is_extension("txt") && is_extension("e") && !is_extension("") && !is_extension("TXT") && !is_extension("part"));
    }
}
