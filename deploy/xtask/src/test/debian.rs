//! The Debian packages that the checks need, and why.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail, ensure};

/// How to see that a package is installed.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// A program on the path.
    Program(&'static str),
    /// A file.
    File(&'static str),
}

impl Sign {
    fn is_there(self) -> bool {
        match self {
            Sign::Program(name) => on_path(name),
            Sign::File(path) => Path::new(path).exists(),
        }
    }
}

/// Package, how to see it, and what needs it.
const NEEDED: [(&str, Sign, &str); 9] = [
    ("gcc", Sign::Program("cc"), "links every Rust program; compiles ring, zstd and SQLite"),
    ("libc6-dev", Sign::File("/usr/include/stdio.h"), "headers and start files for the linker"),
    ("strace", Sign::Program("strace"), "suites that count fsync or kill a station at each system call"),
    ("mariadb-client-core", Sign::Program("mariadb"), "suites over tables in MariaDB speak to their servers by it"),
    ("mariadb-server-core", Sign::File("/usr/sbin/mariadbd"), "suites over tables in MariaDB; each starts servers of its own"),
    ("openssh-server", Sign::File("/usr/sbin/sshd"), "suites over ways through SFTP; each starts servers of its own"),
    (
        "postgresql",
        Sign::File("/usr/lib/postgresql"),
        "suites over stations whose state is in PostgreSQL; each starts servers of its own",
    ),
    ("python3", Sign::Program("python3"), "the independent verifier in tests/oracle"),
    (
        "python3-lxml",
        Sign::File("/usr/lib/python3/dist-packages/lxml"),
        "libxml2's verdicts, which those by official schemas are held against",
    ),
];

/// Tells whether a program is on the search path.
pub(crate) fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Makes sure that every package is there; as root it installs what is missing.
pub(crate) fn provide() -> Result<String> {
    provide_of(&NEEDED)
}

/// Makes sure of the database servers alone, as [`provide`] does of everything.
pub(crate) fn provide_servers() -> Result<String> {
    let servers = |package: &str| package.starts_with("mariadb-") || package == "postgresql";
    provide_of(&NEEDED.iter().copied().filter(|(package, ..)| servers(package)).collect::<Vec<_>>())
}

fn provide_of(needed: &[(&'static str, Sign, &'static str)]) -> Result<String> {
    let missing: Vec<_> = needed.iter().filter(|(_, sign, _)| !sign.is_there()).collect();
    for (package, _, why) in &missing {
        println!("missing: {package} ({why})");
    }
    let packages: Vec<_> = missing.iter().map(|(package, ..)| *package).collect();
    if packages.is_empty() {
        return Ok(needed.iter().map(|(package, ..)| *package).collect::<Vec<_>>().join(" "));
    }
    install(&packages)?;
    let still: Vec<_> = missing.iter().filter(|(_, sign, _)| !sign.is_there()).map(|(package, ..)| *package).collect();
    ensure!(still.is_empty(), "apt-get installed {}, and it still cannot be found", still.join(" "));
    Ok(format!("installed {}", packages.join(" ")))
}

/// Installs packages, or says which command would.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !rustix::process::getuid().is_root() || !on_path("apt-get") {
        bail!("run as root: {by_hand}");
    }
    let apt = |arguments: &[&str]| {
        let status = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
        status.is_ok_and(|status| status.success())
    };
    // Out-of-date lists may still do, so a failed update alone is no reason to give up.
    apt(&["update", "-q"]);
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(packages);
    ensure!(apt(&arguments), "failed: {by_hand}");
    Ok(())
}
