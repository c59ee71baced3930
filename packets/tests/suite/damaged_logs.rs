//! Whatever is done to a log directory, the verifier ends with a report.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use dukou_packets::audit::{FaultCode, Verdict, verify};
use tempfile::TempDir;

/// A copy of the first honest log of the vectors.
fn honest_log() -> TempDir {
    let vector = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/logs/001-pass");
    let copy = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(vector).expect("the vector is there") {
        let path = entry.expect("it lists").path();
        fs::copy(&path, copy.path().join(path.file_name().expect("a file"))).expect("it copies");
    }
    copy
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it lists").path()).collect();
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    found.sort();
    found
}

#[test]
fn a_flipped_bit_anywhere_in_a_plain_segment_or_keyring_is_found() {
    let folder = honest_log();
    let own_files = [files(folder.path(), ".jsonl"), files(folder.path(), ".txt")].concat();
    assert_eq!(own_files.len(), 5);
    for path in own_files {
        let good = fs::read(&path).expect("it reads");
        for at in (0..good.len()).step_by(17).chain([good.len() - 1]) {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&path, &bad).expect("it writes");
            let report = verify(folder.path(), None).expect("it reports");
            assert_ne!(report.verdict, Verdict::Pass, "{} byte {at}", path.display());
        }
        fs::write(&path, &good).expect("it writes");
    }
    assert_eq!(verify(folder.path(), None).expect("it reports").verdict, Verdict::Pass);
}

#[test]
fn every_cut_of_the_newest_segment_below_its_checkpoint_is_found() {
    let folder = honest_log();
    let newest = files(folder.path(), ".jsonl").pop().expect("a segment");
    let good = fs::read(&newest).expect("it reads");
    for len in (0..good.len()).step_by(11) {
        fs::write(&newest, &good[..len]).expect("it writes");
        let report = verify(folder.path(), None).expect("it reports");
        assert_eq!(report.verdict, Verdict::Fail, "{len}");
    }
}

#[test]
fn a_million_broken_lines_are_counted_and_a_hundred_are_listed() {
    let folder = honest_log();
    let newest = files(folder.path(), ".jsonl").pop().expect("a segment");
    let mut file = fs::File::options().append(true).open(newest).expect("it opens");
    for _ in 0..1000 {
        file.write_all(&b"x\n".repeat(1000)).expect("it writes");
    }
    let report = verify(folder.path(), None).expect("it reports");
    let shapes = report.faults.iter().filter(|fault| fault.code == FaultCode::LineShape).count();
    assert_eq!((shapes, report.faults_not_listed), (100, 999_900));
    assert_eq!(report.lines, 1_000_025);
}

#[test]
fn a_compressed_segment_of_a_gibibyte_of_zeros_is_a_torn_line() {
    let folder = honest_log();
    let path = folder.path().join("000000000026.jsonl.zst");
    let mut encoder = zstd::stream::Encoder::new(fs::File::create(path).expect("it opens"), 1).expect("zstd has memory");
    let zeros = vec![0; 1 << 20];
    for _ in 0..256 {
        encoder.write_all(&zeros).expect("it writes");
    }
    encoder.finish().expect("it writes");
    let report = verify(folder.path(), None).expect("it reports");
    assert_eq!(report.torn_bytes, 256 << 20);
    assert_eq!(report.lines, 25);
}

#[cfg(unix)]
#[test]
fn links_and_folders_with_the_names_of_log_files_are_other_files() {
    let folder = honest_log();
    fs::create_dir(folder.path().join("000000000099.jsonl")).expect("it is made");
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("000000000098.jsonl")).expect("it is made");
    let report = verify(folder.path(), None).expect("it reports");
    assert_eq!(report.verdict, Verdict::Pass);
    assert_eq!(report.other_files, ["000000000098.jsonl", "000000000099.jsonl", "case.json"]);
}
