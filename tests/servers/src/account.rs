//! Under which account a server runs: database servers refuse root.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The account of a server, where it is not the test's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account(Option<(u32, u32)>);

impl Account {
    /// Gives the named account when the test is root, else the test's own.
    ///
    /// # Panics
    /// Panics when root has no such account.
    #[track_caller]
    pub(crate) fn of(name: &str) -> Self {
        if !rustix::process::getuid().is_root() {
            return Self(None);
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields.first() == Some(&name));
        let number = |at: usize| fields.as_ref().and_then(|fields| fields.get(at)?.parse::<u32>().ok());
        let (Some(uid), Some(gid)) = (number(2), number(3)) else {
            panic!("there is no account {name}: run `cargo xtask test` as root once");
        };
        Self(Some((uid, gid)))
    }

    /// Gives the test's own.
    pub(crate) fn of_test() -> Self {
        Self(None)
    }

    /// Makes a command run under the account.
    pub(crate) fn run(self, command: &mut Command) -> &mut Command {
        match self.0 {
            Some((uid, gid)) => command.uid(uid).gid(gid),
            None => command,
        }
    }

    /// Gives a file or directory to the account.
    ///
    /// # Panics
    /// Panics when that fails.
    #[track_caller]
    pub(crate) fn own(self, path: &Path) {
        if let Some((uid, gid)) = self.0 {
            chown(path, Some(uid), Some(gid)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}
