//! What else carries files: Debian packages only, each as its own people would use it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::measure::{Contender, Durability};
use super::workload::{Workload, files_below};
use crate::test::debian::{install as install_packages, on_path};

/// Packages of the peers.
const PACKAGES: [(&str, &str); 7] = [
    ("tar", "tar"),
    ("zstd", "zstd"),
    ("age", "age"),
    ("minisign", "minisign"),
    ("rsync", "rsync"),
    ("restic", "restic"),
    ("borgbackup", "borg"),
];
const NNCP: (&str, &str) = ("nncp", "nncp-file");

/// Installs the peers that are missing where that is possible; the others' rows say `skipped`.
pub(super) fn install() {
    let wanted = PACKAGES.iter().chain([&NNCP]);
    let missing: Vec<_> = wanted.filter(|(_, program)| !on_path(program)).map(|(package, _)| *package).collect();
    if let Err(why) = if missing.is_empty() { Ok(()) } else { install_packages(&missing) } {
        eprintln!("{why:#}");
    }
}

/// A peer that a shell script describes. The scripts know `$SRC` (the workload), `$D` (a fresh directory), `$OUT` (`$D/out`).
struct Script {
    name: &'static str,
    durability: Durability,
    programs: &'static [&'static str],
    prepare: &'static str,
    go: &'static str,
    /// Where the bytes on the wire lie below `$D` afterwards.
    wire: Option<&'static str>,
    /// How many times the part goes into the workload; 1 for all of it.
    part: usize,
    workload: Workload,
}

impl Script {
    fn shell(&self, script: &str, directory: &Path) -> Result<()> {
        let status = Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(directory)
            .env("SRC", &self.workload.directory)
            .env("D", directory)
            .env("OUT", directory.join("out"))
            .env("HOME", directory)
            .env("COUNT", (self.workload.files as usize / self.part).to_string())
            .env("BORG_PASSPHRASE", "bench")
            .env("RESTIC_PASSWORD", "bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .context("cannot run bash")?;
        ensure!(status.success(), "{} failed ({status})", self.name);
        Ok(())
    }
}

impl Contender for Script {
    fn name(&self) -> &str {
        self.name
    }

    fn durability(&self) -> Durability {
        self.durability
    }

    fn missing(&self) -> Option<String> {
        let missing = self.programs.iter().find(|program| !on_path(program))?;
        Some(format!("{missing} is missing"))
    }

    fn scale(&self) -> f64 {
        self.part as f64
    }

    fn prepare(&mut self, directory: &Path) -> Result<()> {
        fs::create_dir(directory.join("out"))?;
        self.shell(self.prepare, directory)
    }

    fn go(&mut self, directory: &Path) -> Result<()> {
        self.shell(self.go, directory)
    }

    fn check(&mut self, directory: &Path) -> Result<Option<u64>> {
        let out = directory.join("out");
        if self.part == 1 {
            self.workload.check_copy(&out)?;
        } else {
            let came = files_below(&out)?.len();
            ensure!(came == self.workload.files as usize / self.part, "{came} files came");
        }
        self.wire.map(|wire| bytes_below(&directory.join(wire))).transpose()
    }
}

/// Adds up the lengths of all files below a path, hidden ones too.
pub(super) fn bytes_below(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in walkdir::WalkDir::new(path) {
        let metadata = entry?.metadata()?;
        bytes += if metadata.is_file() { metadata.len() } else { 0 };
    }
    Ok(bytes)
}

const PIPELINE_KEYS: &str = "age-keygen -o key.age 2>age.log; minisign -G -W -p sign.pub -s sign.key";
const PIPELINE: &str = r#"
tar -C "$SRC" -c . | zstd -q -3 -T2 | age -r "$(grep -o 'age1.*' key.age)" -o packet
minisign -S -s sign.key -m packet
sync -f packet
minisign -V -q -p sign.pub -m packet
age -d -i key.age packet | zstd -q -d | tar -C "$OUT" -x
sync -f "$OUT"
"#;

/// Two nodes that know each other; only the lines that the transfer needs.
const NNCP_NODES: &str = r#"
field() { grep -m1 -o "$2: .*" "$1" | cut -d' ' -f2; }
for node in a b; do nncp-cfgnew -nocomments > $node.new; mkdir spool-$node; done
pair() {
  sed -e "s|/var/spool/nncp|$D/spool-$1|" $1.new | awk -v peer="    peer: {\n      id: $(field $2.new id)\n      exchpub: $(field $2.new exchpub)\n      signpub: $(field $2.new signpub)\n      incoming: \"$OUT\"\n    }" '{print} /^  neigh: \{/ {print peer}' > $1.hjson
}
pair a b; pair b a; mkdir box
"#;
/// Gives every peer for one workload, the named pipeline first.
pub(super) fn all(pipeline: &'static str, workload: &Workload) -> Vec<Box<dyn Contender>> {
    use Durability::{Group, None as Nothing, Strict};
    let script = |name, durability, programs, prepare, go, wire| -> Box<dyn Contender> {
        Box::new(Script { name, durability, programs, prepare, go, wire, part: 1, workload: workload.clone() })
    };
    vec![
        script(pipeline, Group, &["tar", "zstd", "age", "minisign"], PIPELINE_KEYS, PIPELINE, Some("packet")),
        script("cp -a", Nothing, &["cp"], "", r#"cp -a "$SRC/." "$OUT""#, None),
        script("cp -a, sync", Group, &["cp"], "", r#"cp -a "$SRC/." "$OUT"; sync -f "$OUT""#, None),
        script("rsync -a", Nothing, &["rsync"], "", r#"rsync -a "$SRC/" "$OUT/""#, None),
        script("rsync -a --fsync", Strict, &["rsync"], "", r#"rsync -a --fsync "$SRC/" "$OUT/""#, None),
        script(
            "nncp, all as one tar",
            Group,
            &["nncp-file", "tar"],
            NNCP_NODES,
            r#"tar -C "$SRC" -cf all.tar .
nncp-file -quiet -noprogress -cfg a.hjson all.tar peer:all.tar
nncp-xfer -quiet -noprogress -mkdir -cfg a.hjson box
nncp-xfer -quiet -noprogress -cfg b.hjson box
nncp-toss -quiet -noprogress -cfg b.hjson
tar -C "$OUT" -xf "$OUT/all.tar"; rm "$OUT/all.tar"; sync -f "$OUT""#,
            None,
        ),
        script(
            "restic backup, restore",
            Group,
            &["restic"],
            "restic -q -r repo init",
            r#"cd "$SRC"; restic -q -r "$D/repo" backup .; restic -q -r "$D/repo" restore latest --target "$OUT"; sync -f "$OUT""#,
            Some("repo"),
        ),
        script(
            "borg create, extract (zstd 3)",
            Group,
            &["borg"],
            "borg init -e repokey repo 2>borg.log",
            r#"cd "$SRC"; borg create -C zstd,3 "$D/repo::one" .; cd "$OUT"; borg extract "$D/repo::one"; sync -f "$OUT""#,
            Some("repo"),
        ),
    ]
}

/// Gives NNCP with a packet for each message; only a part of the messages is measured, since it takes that long.
pub(super) fn nncp_single(name: &'static str, workload: &Workload, part: usize) -> Box<dyn Contender> {
    Box::new(Script {
        name,
        durability: Durability::Strict,
        programs: &["nncp-file"],
        prepare: NNCP_NODES,
        go: r#"find "$SRC" -type f | sort | head -n "$COUNT" > list || true
while read -r file; do nncp-file -quiet -noprogress -cfg a.hjson "$file" peer:; done < list
nncp-xfer -quiet -noprogress -mkdir -cfg a.hjson box
nncp-xfer -quiet -noprogress -cfg b.hjson box
nncp-toss -quiet -noprogress -cfg b.hjson"#,
        wire: None,
        part,
        workload: workload.clone(),
    })
}

/// Gives the length of the plain pipeline's output, the yardstick of wire bytes.
pub(super) fn tar_zstd_bytes(workload: &Workload) -> Result<u64> {
    let script = r#"tar -C "$SRC" -c . | zstd -q -3 -T2 | wc -c"#;
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", script]).env("SRC", &workload.directory).output()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().context("tar | zstd printed no length")
}

/// Copies the content of a directory into another, with its times.
pub(super) fn copy_into(source: &Path, target: &Path) -> Result<()> {
    let status = Command::new("cp").arg("-a").arg(source.join(".")).arg(target).status()?;
    ensure!(status.success(), "cannot copy {} to {}", source.display(), target.display());
    Ok(())
}
