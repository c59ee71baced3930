//! Accounts of this machine: the numbers behind names, the names behind numbers, and who runs a command.
//!
//! Read from `/etc/passwd` and `/etc/group` themselves: a ferry station has local accounts, and no lookup may block or load foreign code.

use std::path::Path;

/// Most bytes of an account's name that a log line names.
const NAME_MAX: usize = 128;

/// Gives a user's number: a number stands for itself, a name is looked up.
pub fn user_number(name: &str) -> Option<u32> {
    number_of(name, "/etc/passwd")
}

/// Gives a group's number: a number stands for itself, a name is looked up.
pub fn group_number(name: &str) -> Option<u32> {
    number_of(name, "/etc/group")
}

fn number_of(name: &str, file: &str) -> Option<u32> {
    name.parse().ok().or_else(|| entries(file).into_iter().find_map(|(known, number)| (known == name).then_some(number)))
}

/// Gives a user's name; `None` when the machine knows none for the number.
pub fn user_name(uid: u32) -> Option<String> {
    entries("/etc/passwd").into_iter().find_map(|(name, number)| (number == uid).then_some(name))
}

/// Reads names and numbers; lines that are not entries are passed over.
fn entries(file: &str) -> Vec<(String, u32)> {
    let text = std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let entry = |line: &str| {
        let mut fields = line.split(':');
        Some((fields.next()?.to_string(), fields.nth(1)?.parse().ok()?))
    };
    text.lines().filter_map(entry).collect()
}

/// Gives the account that runs the command, as the packet log names it.
///
/// Its number decides, not a variable that anyone can set; behind sudo both are named.
pub fn operator() -> String {
    let uid = rustix::process::getuid().as_raw();
    let account = user_name(uid).unwrap_or_else(|| format!("uid-{uid}"));
    match std::env::var("SUDO_USER") {
        Ok(person) if uid == 0 && !person.is_empty() => crate::lang::cut(&format!("{account} sudo {person}"), NAME_MAX),
        _ => account,
    }
}

/// Gives the owner of `dir` when root runs the program and the directory is another account's: user and group number.
pub fn other_owner(dir: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(dir).ok().map(|found| (found.uid(), found.gid()))?;
    (rustix::process::geteuid().is_root() && owner.0 != 0).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_itself_and_a_name_is_looked_up() {
        assert_eq!(user_number("0"), Some(0));
        assert_eq!(user_number("root"), Some(0));
        assert_eq!(group_number("root"), Some(0));
        assert_eq!(user_number("nobody-has-this-name"), None);
        assert_eq!(user_name(0).as_deref(), Some("root"));
    }
}
