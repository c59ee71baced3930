//! The file names of packets: a hint for devices and people, never an identity (FORMAT.md section 3).

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

use crate::suite::{LinkId, Random};

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().expect("the alphabet has 32 distinct symbols")
});

/// Returns a fresh name `P-TTTT-RRRRRRRRRRRRRRRR.dkp`; a `priority` above 9 counts as 9.
pub fn file_name(priority: u8, link: LinkId, random: &dyn Random) -> String {
    let mut drawn = [0; 10];
    random.fill(&mut drawn);
    let tag = BASE32.encode(&link.as_bytes()[..5]);
    format!("{}-{}-{}.dkp", priority.min(9), &tag[..4], BASE32.encode(&drawn))
}

/// Tells whether a file of this name may be a packet: 1 … 64 characters of `[0-9A-Za-z._~-]`, not hidden, ending in `.dkp`.
pub fn is_packet_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._~-".contains(byte);
    name.len() <= 64
        && name.iter().all(allowed)
        && !name.starts_with(b".")
        && name.last_chunk::<4>().is_some_and(|ending| ending.eq_ignore_ascii_case(b".dkp"))
}
