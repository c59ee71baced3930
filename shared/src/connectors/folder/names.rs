//! Makes the name of a record, which the far side chose, a path that is safe under a sink's folder.
//!
//! A name is UTF-8 with `/` between its parts. A path keeps what it can and spells the rest as `%` and two upper-case hex
//! digits a byte, so that it is legal on Linux, on Windows and on the shares between them:
//!
//! | in a part | becomes |
//! |---|---|
//! | control characters, `\ < > : " \| ? *`, invisible and direction-turning characters | escaped |
//! | `.` at the beginning; `.` or space at the end | escaped, so no part is `.` or `..`, hidden, or one of our own dot names |
//! | first letter of a device name of Windows (`CON`, `nul.txt`, `COM1` …) | escaped |
//! | `%` before two upper-case hex digits | escaped, since it would read as an escape; any other `%` stays |
//! | nothing at all (`a//b`, `/a`) | `%_`; a part that is `%_` has its `%` escaped |
//! | `~` before 8 or 16 hex digits that end the part or stand before its extension | escaped, since we write such marks |
//! | more than 255 bytes, once escaped | cut, then `~` and 16 hex digits of a SHA-256 before the extension |
//!
//! **Two names never give one path**: reading the escapes back gives the name, and marks come from us alone. For names
//! that are cut this holds as far as 64 bits of SHA-256 do; whoever searches long enough can make two over-long names
//! meet, so a sink still never replaces a file of another record. The path of a path need not be itself: `%3A`
//! becomes `%253A`. Only names are passed here, once.

use std::fmt;
use std::path::Path;

use dukou_packets::suite::sha256;

/// The longest part of a path in bytes: what ext4, XFS and NTFS take, the last two with room to spare.
pub const MOST_PART_BYTES: usize = 255;

/// The longest path in bytes, below the sink's folder.
pub const MOST_PATH_BYTES: usize = 1024;

/// What [`set_apart`] adds to a path: `~` and hex digits of the record's digest.
const APART_DIGITS: usize = 8;

/// What stands for the rest of a name that was cut, after a `~`.
const CUT_DIGITS: usize = 16;

/// Stands for a part without a character.
const EMPTY: &str = "%_";

/// Holds a relative path that is safe to create under a folder; only [`safe_path`] makes one.
///
/// Its parts are of 1 to 255 bytes, the whole of at most 1,015, so that [`set_apart`] stays within 1,024.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafePath(String);

impl SafePath {
    /// Gives the path, with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the parts, the outermost folder first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for SafePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl AsRef<str> for SafePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for SafePath {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

/// Makes a path of any name; the same one each time, and another one for each other name.
pub fn safe_path(name: &str) -> SafePath {
    let parts: Vec<String> = name.split('/').map(safe_part).collect();
    let path = parts.join("/");
    if path.len() > MOST_PATH_BYTES - (1 + APART_DIGITS) {
        return SafePath(cut_path(name, &parts));
    }
    SafePath(path)
}

fn safe_part(part: &str) -> String {
    if part.is_empty() {
        return String::from(EMPTY);
    }
    let escaped = without_mark(escape(part));
    if escaped.len() > MOST_PART_BYTES {
        return cut_part(&escaped, &["part\0", part]);
    }
    escaped
}

/// Escapes every character that may not stand where it stands.
fn escape(part: &str) -> String {
    let device = is_device(part);
    let mut escaped = String::with_capacity(part.len());
    for (at, c) in part.char_indices() {
        let rest = part.get(at..).unwrap_or_default();
        let (first, last) = (at == 0, rest.len() == c.len_utf8());
        let offends = match c {
            '%' => reads_as_escape(rest) || part == EMPTY,
            '.' => first || last,
            ' ' => last,
            _ => is_forbidden(c) || (first && device),
        };
        if offends {
            push_escaped(&mut escaped, c);
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn push_escaped(path: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        path.push_str(&format!("%{byte:02X}"));
    }
}

/// Tells whether the text begins like an escape of ours.
fn reads_as_escape(text: &str) -> bool {
    let upper_hex = |b: &u8| matches!(b, b'0'..=b'9' | b'A'..=b'F');
    matches!(text.as_bytes(), [b'%', high, low, ..] if upper_hex(high) && upper_hex(low))
}

/// Tells whether a character may stand nowhere in a path.
///
/// Beside what Windows forbids these are characters that nobody sees, or that turn the direction of writing: they make
/// `a<U+202E>fdp.exe` look like `aexe.pdf`.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Tells whether Windows would take the part for a device: by its text before the first dot, in any case of letters.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_uppercase();
    let numbered = ["COM", "LPT"].iter().find_map(|device| stem.strip_prefix(device));
    let number = numbered.and_then(|rest| {
        let mut characters = rest.chars();
        characters.next().filter(|_| characters.next().is_none())
    });
    // Windows takes the superscript digits one to three for digits here.
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || number.is_some_and(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'))
}

/// Splits a part before its extension: a last dot and 1 to 16 ASCII letters and digits, after a stem.
fn split_extension(part: &str) -> (&str, &str) {
    match part.rfind('.').map(|dot| part.split_at(dot)) {
        Some((stem, extension))
            if !stem.is_empty()
                && (2..=17).contains(&extension.len())
                && extension.bytes().skip(1).all(|b| b.is_ascii_alphanumeric()) =>
        {
            (stem, extension)
        }
        _ => (part, ""),
    }
}

/// Escapes the `~` of what looks like a mark of ours, in either case of letters, since shares may not tell them apart.
fn without_mark(part: String) -> String {
    let (stem, extension) = split_extension(&part);
    match stem.rsplit_once('~') {
        Some((before, digits)) if is_mark(digits) => format!("{before}%7E{digits}{extension}"),
        _ => part,
    }
}

fn is_mark(digits: &str) -> bool {
    [APART_DIGITS, CUT_DIGITS].contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Cuts an escaped part and marks it with a digest over `whole`.
fn cut_part(escaped: &str, whole: &[&str]) -> String {
    let bytes: Vec<&[u8]> = whole.iter().map(|text| text.as_bytes()).collect();
    let digest = sha256(&bytes).to_string();
    marked(escaped, digest.get(..CUT_DIGITS).unwrap_or_default())
}

/// Puts `~` and the digits before the extension, and cuts the stem where the part would be too long.
fn marked(part: &str, digits: &str) -> String {
    let (stem, extension) = split_extension(part);
    let room = MOST_PART_BYTES.saturating_sub(1 + digits.len() + extension.len());
    let kept = stem.get(..stem.floor_char_boundary(room)).unwrap_or_default();
    format!("{kept}~{digits}{extension}")
}

/// Keeps the outer folders that fit, and marks the last part with a digest of the whole name.
fn cut_path(name: &str, parts: &[String]) -> String {
    let mut path = String::new();
    let Some((last, folders)) = parts.split_last() else {
        return path;
    };
    let room = MOST_PATH_BYTES - MOST_PART_BYTES - (1 + APART_DIGITS);
    for folder in folders {
        if path.len() + folder.len() + 1 > room {
            break;
        }
        path.push_str(folder);
        path.push('/');
    }
    path + &cut_part(last, &["path\0", name])
}

/// Gives the form in which two paths are equal when a share that ignores case would take them for one file.
///
/// Each character is taken to its upper case and from there to its lower case, which also unites what upper-casing file
/// systems unite (`ſ` and `s`, the Kelvin sign and `k`, both small sigmas) and a little more (`ß` and `ss`): taking two
/// paths for one costs a mark in a name, missing it costs a file. Full-width and half-width letters stay apart, as on
/// every file system we know, though their cases are united. Unicode normalisation is not applied: a share that
/// composes accents (APFS, HFS+) may unite paths that differ here, so a sink must create files without replacing any.
pub fn folded(path: &str) -> String {
    if path.is_ascii() {
        return path.to_ascii_lowercase();
    }
    path.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Puts `~` and the first 8 hex digits of a digest before the extension of a safe path's last part.
///
/// No [`safe_path`] gives such a path, whatever the name, so what is set apart meets nothing but its own like. The last
/// part is cut where it would exceed 255 bytes. `digest_hex` has at least 8 hex digits.
pub fn set_apart(path: &str, digest_hex: &str) -> String {
    let (folders, last) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
    let digits: String = digest_hex.chars().take(APART_DIGITS).collect::<String>().to_ascii_lowercase();
    format!("{folders}{}", marked(last, &digits))
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    fn path(name: &str) -> String {
        safe_path(name).as_str().to_owned()
    }

    /// Reads the escapes back, as the module's documentation promises is possible.
    fn original(path: &str) -> String {
        let part = |part: &str| {
            if part == EMPTY {
                return Vec::new();
            }
            let mut bytes = Vec::new();
            let mut rest = part;
            while let Some(c) = rest.chars().next() {
                let taken = if reads_as_escape(rest) {
                    bytes.push(u8::from_str_radix(&rest[1..3], 16).unwrap());
                    3
                } else {
                    bytes.extend_from_slice(c.to_string().as_bytes());
                    c.len_utf8()
                };
                rest = &rest[taken..];
            }
            bytes
        };
        let parts: Vec<Vec<u8>> = path.split('/').map(part).collect();
        String::from_utf8(parts.join(&b'/')).unwrap()
    }

    fn assert_safe(path: &str) {
        assert!((1..=MOST_PATH_BYTES).contains(&path.len()), "{path:?}");
        assert!(!Path::new(path).is_absolute());
        for part in path.split('/') {
            assert!((1..=MOST_PART_BYTES).contains(&part.len()), "{path:?}");
            assert!(!part.starts_with('.') && !part.ends_with('.') && !part.ends_with(' '), "{path:?}");
            assert!(!part.chars().any(|c| c.is_control() || "<>:\"|?*\\".contains(c)), "{path:?}");
            assert!(!is_device(part), "{path:?}");
        }
        let kept = Path::new(path).components().filter(|part| matches!(part, std::path::Component::Normal(_)));
        assert_eq!(kept.count(), path.split('/').count());
    }

    fn is_cut(path: &str) -> bool {
        path.split('/').any(|part| {
            let (stem, _) = split_extension(part);
            stem.rsplit_once('~').is_some_and(|(_, digits)| is_mark(digits))
        })
    }

    #[test]
    fn an_ordinary_name_stays_as_it_is() {
        for name in [
            "a",
            "报文/2024/BizMsg.xml",
            "a b/c",
            "100%",
            "50% off",
            "%zz",
            "%3a",
            "~a",
            "a~1.txt",
            "CONSOLE",
            "COM10",
            "a.b.c",
            "x~123",
        ] {
            assert_eq!(path(name), name);
        }
    }

    #[test]
    fn what_offends_is_escaped() {
        for (name, expected) in [
            ("", "%_"),
            ("/", "%_/%_"),
            ("/etc/passwd", "%_/etc/passwd"),
            ("a//b", "a/%_/b"),
            ("a/", "a/%_"),
            ("%_", "%25_"),
            ("%25_", "%2525_"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("...", "%2E.%2E"),
            ("../../etc", "%2E%2E/%2E%2E/etc"),
            (".ssh/id", "%2Essh/id"),
            ("a.", "a%2E"),
            ("a ", "a%20"),
            (" ", "%20"),
            ("a. .", "a. %2E"),
            ("a\\..\\b", "a%5C..%5Cb"),
            ("C:\\x", "C%3A%5Cx"),
            ("a\0b\n\u{7f}\u{85}", "a%00b%0A%7F%C2%85"),
            ("<>:\"|?*", "%3C%3E%3A%22%7C%3F%2A"),
            ("a\u{202e}fdp.exe", "a%E2%80%AEfdp.exe"),
            ("%3A", "%253A"),
            ("%%3A", "%%253A"),
            ("file:stream", "file%3Astream"),
        ] {
            assert_eq!(path(name), expected, "{name:?}");
        }
    }

    #[test]
    fn device_names_of_windows_are_escaped_with_and_without_extension() {
        for name in [
            "CON",
            "con",
            "Prn.txt",
            "AUX.tar.gz",
            "nul",
            "COM1",
            "com0.xml",
            "lpt9",
            "COM¹",
            "LPT³.x",
            "CONIN$",
            "conout$.a",
            "NUL .txt",
            "con ",
        ] {
            let first = name.as_bytes()[0];
            assert!(path(name).starts_with(&format!("%{first:02X}")), "{name}");
            assert!(path(&format!("a/{name}/b")).starts_with(&format!("a/%{first:02X}")), "{name}");
        }
        assert_eq!(path("NUL:"), "NUL%3A");
    }

    #[test]
    fn what_looks_like_our_mark_is_escaped() {
        assert_eq!(path("a~0123abcd"), "a%7E0123abcd");
        assert_eq!(path("a~0123ABCD.txt"), "a%7E0123ABCD.txt");
        assert_eq!(path("a~0123456789abcdef.xml"), "a%7E0123456789abcdef.xml");
        assert_eq!(path("~01234567"), "%7E01234567");
        assert_eq!(path("a~0123abcd~0123abcd"), "a~0123abcd%7E0123abcd");
        assert_eq!(path("a~0123abcg"), "a~0123abcg");
    }

    #[test]
    fn a_part_too_long_is_cut_at_a_character_and_keeps_its_extension() {
        let name = format!("{}.pdf", "报".repeat(200));
        let cut = path(&name);
        assert!(cut.len() <= MOST_PART_BYTES && cut.len() > MOST_PART_BYTES - 4 && cut.ends_with(".pdf"), "{cut}");
        assert!(is_cut(&cut) && cut.starts_with("报报"));
        assert_ne!(cut, path(&format!("{}.pdf", "报".repeat(201))));
        assert_eq!(path(&"a".repeat(255)), "a".repeat(255));
        assert_eq!(path(&"a".repeat(256)).len(), 255);
    }

    #[test]
    fn the_path_of_a_name_that_was_cut_is_no_name_of_its_own() {
        let cut = path(&"a".repeat(300));
        assert_ne!(path(&cut), cut);
    }

    #[test]
    fn a_path_too_long_keeps_its_outer_folders_and_its_extension() {
        let name = format!("{}x.xml", "folder/".repeat(400));
        let cut = path(&name);
        assert_safe(&cut);
        assert!(cut.starts_with("folder/folder/") && cut.ends_with(".xml") && is_cut(&cut));
        assert_ne!(cut, path(&format!("{}x.xml", "folder/".repeat(401))));
        assert_ne!(cut, path(&format!("other/{}x.xml", "folder/".repeat(400))));
    }

    #[test]
    fn long_names_that_differ_anywhere_differ_as_paths() {
        let mut seen = HashSet::new();
        for at in 0..2000 {
            let mut name = "ab/".repeat(700).into_bytes();
            name[at] = b'c';
            assert!(seen.insert(path(&String::from_utf8(name).unwrap())), "{at}");
        }
    }

    #[test]
    fn all_short_names_of_awkward_characters_have_paths_of_their_own() {
        let alphabet = ["%", "2", "E", "5", "_", ".", "/", " ", "~", "a"];
        let mut names = vec![String::new()];
        let mut seen = HashMap::new();
        for length in 0..=5 {
            for name in &names {
                let path = path(name);
                assert_safe(&path);
                assert_eq!(original(&path), *name);
                assert_eq!(seen.insert(path, name.clone()), None, "{name:?}");
            }
            if length < 5 {
                names = names.iter().flat_map(|name| alphabet.iter().map(move |next| format!("{name}{next}"))).collect();
            }
        }
    }

    #[test]
    fn paths_that_differ_in_case_only_fold_alike() {
        for (one, other) in [
            ("A/报告.PDF", "a/报告.pdf"),
            ("ſ", "S"),
            ("\u{212a}", "k"),
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("Ａ", "ａ"),
            ("%3A", "%3a"),
            ("É", "é"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn paths_that_differ_otherwise_fold_apart() {
        for (one, other) in [("a", "b"), ("a/b", "a%2Fb"), ("（1）", "(1)"), ("é", "e\u{301}"), ("报告", "報告")] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn a_path_is_set_apart_before_its_extension() {
        assert_eq!(set_apart("a/报告.pdf", "0123ABCDEF"), "a/报告~0123abcd.pdf");
        assert_eq!(set_apart("a.b/c", "01234567"), "a.b/c~01234567");
        assert_eq!(set_apart("a.not an extension", "01234567"), "a.not an extension~01234567");
    }

    #[test]
    fn a_path_set_apart_keeps_within_the_limits() {
        for name in
            ["a".repeat(255), "报".repeat(85), "ab/".repeat(338), format!("{}.xml", "d/".repeat(505)), "x/".repeat(2000)]
        {
            assert_safe(&set_apart(safe_path(&name).as_str(), "0123456789abcdef"));
        }
    }

    fn awkward() -> impl Strategy<Value = String> {
        let pieces = [
            "%",
            "%4",
            "41",
            "E",
            "_",
            ".",
            "/",
            "..",
            " ",
            "~",
            "01234567",
            "89abcdef",
            "CON",
            "nul",
            "COM1",
            ":",
            "\\",
            "\0",
            "报",
            "\u{202e}",
            "a",
            ".txt",
            "\u{10ffff}",
        ];
        let short =
            proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat());
        prop_oneof![4 => short.clone(), 1 => (short, 1..200_usize).prop_map(|(name, times)| name.repeat(times)), 1 => any::<String>()]
    }

    proptest! {
        #[test]
        fn any_name_gives_a_safe_path_and_the_same_each_time(name in awkward()) {
            let safe = path(&name);
            assert_safe(&safe);
            prop_assert!(safe.len() <= MOST_PATH_BYTES - 9);
            prop_assert_eq!(path(&name), safe);
        }

        #[test]
        fn the_name_can_be_read_back_from_a_path_that_was_not_cut(name in awkward()) {
            let path = path(&name);
            prop_assert!(is_cut(&path) || original(&path) == name);
        }

        #[test]
        fn a_path_is_cut_only_for_its_length(name in awkward()) {
            let path = path(&name);
            prop_assert!(!is_cut(&path) || name.len() * 3 + 3 > MOST_PART_BYTES);
        }

        #[test]
        fn two_names_give_two_paths(one in awkward(), other in awkward()) {
            prop_assert!(one == other || path(&one) != path(&other));
        }

        #[test]
        fn no_name_gives_the_path_of_one_set_apart(name in awkward(), digest in "[0-9a-f]{8}") {
            let apart = set_apart(&path(&name), &digest);
            assert_safe(&apart);
            prop_assert_ne!(path(&apart), apart.clone());
            prop_assert_ne!(apart, path(&name));
        }

        #[test]
        fn folding_twice_is_folding_once(name in awkward()) {
            let once = folded(&name);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
