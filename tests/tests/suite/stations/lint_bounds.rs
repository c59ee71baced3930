//! What `lint` costs: hostile and giant files, many files; and that no zone of the machine changes an answer.

use dukou_tests::stations::programs::program;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a program took.
#[derive(Debug)]
struct Cost {
    code: Option<i32>,
    out: String,
    /// Processor time, in seconds.
    cpu: f64,
    /// Most memory it had, in KiB.
    peak_kib: u64,
}

/// Runs a program and watches what it takes.
fn watched(mut command: Command, out: &Path) -> Cost {
    let mut child = command.stdout(fs::File::create(out).unwrap()).stderr(Stdio::null()).spawn().unwrap();
    let (mut cpu, mut peak_kib) = (0.0, 0);
    let code = loop {
        let proc = Path::new("/proc").join(child.id().to_string());
        if let (Ok(status), Ok(stat)) = (fs::read_to_string(proc.join("status")), fs::read_to_string(proc.join("stat"))) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak_kib = line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(peak_kib).max(peak_kib);
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let ticks: f64 = fields[11..=12].iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
            cpu = f64::max(cpu, ticks / 100.0);
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Cost { code, out: fs::read_to_string(out).unwrap(), cpu, peak_kib }
}

fn lint(named: &Path) -> Cost {
    let mut command = Command::new(program("dukou-outer"));
    command.args(["lint", "--json"]).arg(named);
    let out = tempfile::NamedTempFile::new().unwrap();
    watched(command, out.path())
}

#[test]
fn hostile_and_giant_files_are_refused_with_a_reason_in_bounded_time_and_memory() {
    let dir = tempfile::tempdir().unwrap();
    let repeated = |text: &str, count: usize| text.repeat(count).into_bytes();
    let declared = |encoding: &str, body: &[u8]| {
        [format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><Message>").as_bytes(), body, b"</Message>"].concat()
    };
    let bomb: String = (1..30).map(|at| format!("<!ENTITY a{at} \"&a{};&a{};\">", at - 1, at - 1)).collect();
    let long = |bytes: usize| {
        [b"<Message><Head/><Data><T A=\"".to_vec(), vec![b'x'; bytes], b"\"/></Data></Message>".to_vec()].concat()
    };
    let wide: String = (0..1_000_000).map(|at| format!("a{at}=''\n")).collect();
    let cases: [(&str, Vec<u8>, &str); 12] = [
        ("deep", repeated("<a>", 100_000), "xml-depth"),
        ("deep-closed", [repeated("<a>", 100_000), repeated("</a>", 100_000)].concat(), "xml-depth"),
        ("bomb", format!("<!DOCTYPE a [<!ENTITY a0 \"ha\">{bomb}]><Message>&a29;</Message>").into_bytes(), "xml-dtd"),
        ("attribute-100-mb", long(100_000_000), "xml-size"),
        ("attribute-16-mb", long(16_700_000), "\"kind\""),
        ("attributes", format!("<Message {wide}/>").into_bytes(), "xml-attributes"),
        ("gbk-as-utf-8", declared("UTF-8", &[0xb2, 0xe2, 0xca, 0xd4]), "xml-encoding"),
        ("utf-8-as-gbk", declared("GBK", "测试人".as_bytes()), "\"kind\""),
        ("cut-gbk", declared("GB18030", &[0x81, 0x30, 0x81]), "xml-encoding"),
        ("utf-16-without-mark", declared("UTF-16", b""), "xml-encoding"),
        ("ebcdic", declared("EBCDIC", b""), "xml-encoding-unknown"),
        ("nothing-closed", repeated("<Message><Head>", 8), "xml-"),
    ];
    for (name, bytes, expected) in cases {
        let file = dir.path().join(format!("{name}.xml"));
        fs::write(&file, bytes).unwrap();
        let began = Instant::now();
        let Cost { code, out, peak_kib, .. } = lint(&file);
        let took = began.elapsed();
        println!("{name}: {took:?}, {} MiB", peak_kib >> 10);
        assert!(matches!(code, Some(0 | 1)), "{name}: {code:?}");
        assert!(out.contains(expected), "{name}: {}", out.chars().take(500).collect::<String>());
        assert!(took < Duration::from_secs(30) && peak_kib < 200 << 10, "{name}: {took:?}, {peak_kib} KiB");
    }
}

#[test]
fn lint_says_the_same_under_every_zone_and_without_zone_files() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/registration");
    for name in ["dukou-outer", "dukou-inner"] {
        let shown = |zone: &str, files: Option<&str>| {
            let mut command = Command::new(program(name));
            command.args(["lint", ".", "--json"]).current_dir(&samples).env("TZ", zone).env_remove("TZDIR");
            if let Some(files) = files {
                command.env("TZDIR", files);
            }
            command.output().unwrap().stdout
        };
        let here = shown("UTC", None);
        assert!(here.len() > 1000);
        assert!(shown("Asia/Urumqi", None) == here && shown("Asia/Urumqi", Some("/nowhere")) == here);
        assert!(shown("", Some("/nowhere")) == here && shown("No/Such_Zone", None) == here);
    }
}

mod slow {
    use super::*;

    #[test]
    fn messages_of_4_kb_are_linted_at_a_hundred_thousand_a_minute_of_one_core_in_200_mib() {
        // A program that was built for debugging is some ten times slower.
        const COUNT: usize = if cfg!(debug_assertions) { 5_000 } else { 100_000 };
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/registration/new/BizMsg/Biz150721240315000003.xml");
        let text = fs::read_to_string(sample).unwrap();
        assert!(text.len() >= 4000, "{}", text.len());
        let dir = tempfile::tempdir().unwrap();
        for number in 0..COUNT {
            let id = format!("150721240315{number:06}");
            fs::write(dir.path().join(format!("Biz{id}.xml")), text.replace("150721240315000003", &id)).unwrap();
        }
        let Cost { code, out, cpu, peak_kib } = lint(dir.path());
        assert_eq!((code, out.matches("\"kind\":\"message\"").count()), (Some(0), COUNT));
        println!("{COUNT} messages of {} bytes: {cpu} s of CPU, {} MiB", text.len(), peak_kib >> 10);
        assert!(cpu < 60.0 && peak_kib < 200 << 10, "{cpu} s, {peak_kib} KiB");
    }
}
