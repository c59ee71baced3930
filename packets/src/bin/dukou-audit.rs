//! `dukou-audit`: what an auditor runs, with public keys alone; no daemon, no database.
//!
//! Exit status: 0 PASS, 1 FAIL, 2 INCOMPLETE, 64 wrong use, 66 unreadable input.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use dukou_packets::audit::show::{Shown, Standing, keyrings_of, show};
use dukou_packets::audit::text::{Language, printable, render};
use dukou_packets::audit::{Anchor, Unreadable, Verdict, verify};
use dukou_packets::keyring::Keyring;
use serde_json::Value;

const WRONG_USE: u8 = 64;
const UNREADABLE: u8 = 66;

/// 摆渡日志核验工具：只用公钥，不需要服务和数据库。/ Checks Dukou's packet logs with public keys alone.
#[derive(Parser)]
#[command(name = "dukou-audit", version)]
struct Cli {
    /// 输出语言 / language of the output
    #[arg(long, value_enum, default_value = "zh", global = true)]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Lang {
    fn language(self) -> Language {
        match self {
            Self::Zh => Language::Zh,
            Self::En => Language::En,
        }
    }
}

#[derive(Subcommand)]
enum Command {
    /// 核验一个日志目录 / verifies a log directory
    Verify {
        /// 日志目录 / the log directory
        dir: PathBuf,
        /// 从别处得到的可信密钥表文件，或其指纹 / the station's keyring file or its fingerprint, from elsewhere
        #[arg(long, value_name = "FILE|FINGERPRINT")]
        authority: Option<String>,
        /// 输出 JSON / writes JSON
        #[arg(long)]
        json: bool,
    },
    /// 显示一个文件：摆渡包、可信密钥表、日志分段或日志签名点 / shows a packet, keyring, segment or file of checkpoints
    Show {
        /// 要显示的文件 / the file to show
        file: PathBuf,
        /// 用这些可信密钥表核验 / keyrings to verify with
        #[arg(long, value_name = "FILE", num_args = 1..)]
        keyring: Vec<PathBuf>,
        /// 用此日志目录中的可信密钥表核验 / a log directory whose keyrings to verify with
        #[arg(long, value_name = "DIR")]
        log: Option<PathBuf>,
        /// 输出 JSON / writes JSON
        #[arg(long)]
        json: bool,
    },
}

/// Why there is no answer, as one sentence in each language.
struct Failure {
    zh: String,
    en: String,
}

impl From<Unreadable> for Failure {
    fn from(fault: Unreadable) -> Self {
        let zh = match &fault {
            Unreadable::Io { path, source } => {
                let why = match source.kind() {
                    ErrorKind::NotFound => "不存在".to_owned(),
                    ErrorKind::PermissionDenied => "没有权限".to_owned(),
                    ErrorKind::NotADirectory => "不是目录".to_owned(),
                    _ => source.to_string(),
                };
                format!("无法读取 {}：{why}；请检查路径和读取权限后重试", path.display())
            }
            Unreadable::NoLog { path } => {
                format!("{} 中没有摆渡日志（没有 000000000001.jsonl 这样的分段）；请指定日志目录", path.display())
            }
        };
        Self { zh, en: format!("{fault}; check the path and the permission to read it, then try again") }
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(fault) => {
            if fault.use_stderr() {
                eprintln!(
                    "命令行不对，什么都没有核验；请按下面的说明改正。/ The command line is wrong and nothing was verified:"
                );
            }
            // A closed standard output leaves nobody to tell.
            let _ = fault.print();
            return ExitCode::from(if fault.use_stderr() { WRONG_USE } else { 0 });
        }
    };
    let language = cli.lang.language();
    let answer = match cli.command {
        Command::Verify { dir, authority, json } => run_verify(&dir, authority.as_deref(), json, language),
        Command::Show { file, keyring, log, json } => run_show(&file, &keyring, log.as_deref(), json, language),
    };
    match answer {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            eprintln!("{}", printable(language.pick(&failure.zh, &failure.en)));
            ExitCode::from(UNREADABLE)
        }
    }
}

fn run_verify(dir: &Path, authority: Option<&str>, json: bool, language: Language) -> Result<u8, Failure> {
    let anchor = authority.map(read_anchor).transpose()?;
    let report = verify(dir, anchor)?;
    if json {
        print(&serde_json::to_string_pretty(&report).expect("a report has a JSON form"));
    } else {
        print(render(&report, language).trim_end());
    }
    Ok(match report.verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Incomplete => 2,
    })
}

fn read_anchor(authority: &str) -> Result<Anchor, Failure> {
    if let Ok(fingerprint) = authority.parse() {
        return Ok(Anchor::Fingerprint(fingerprint));
    }
    read_keyring(Path::new(authority)).map(|keyring| Anchor::Keyring(Box::new(keyring)))
}

fn read_keyring(path: &Path) -> Result<Keyring, Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|fault| Failure {
        zh: format!("无法读取可信密钥表 {shown}：{fault}；请给出文件，或十二组五位数字的指纹"),
        en: format!("cannot read the keyring {shown}: {fault}; give a file, or a fingerprint of twelve groups of five digits"),
    })?;
    Keyring::parse(&bytes).map_err(|fault| Failure {
        zh: format!("{shown} 不是有效的可信密钥表（{}）；请向对方重新索取", fault.code()),
        en: format!("{shown} is not a valid keyring ({fault}); ask for it again"),
    })
}

fn run_show(file: &Path, keyrings: &[PathBuf], log: Option<&Path>, json: bool, language: Language) -> Result<u8, Failure> {
    let mut keys = Vec::new();
    if let Some(log) = log {
        keys = keyrings_of(log)?;
    }
    for path in keyrings {
        keys.push(read_keyring(path)?);
    }
    let shown = show(file, &keys)?;
    if json {
        print(&serde_json::to_string_pretty(&shown).expect("what is shown has a JSON form"));
    } else {
        print_shown(&shown, language);
    }
    Ok(match shown.standing {
        Standing::Verified => 0,
        Standing::Refused => 1,
        Standing::Unverified => 2,
    })
}

fn print_shown(shown: &Shown, language: Language) {
    let standing = match shown.standing {
        Standing::Verified => language.pick("签名已核验", "verified"),
        Standing::Unverified => language.pick("未经核验：没有可用的公钥", "UNVERIFIED: there is no key to verify it with"),
        Standing::Refused => language.pick("不可信", "REFUSED"),
    };
    print(&format!("{}: {standing} {}", shown.kind, printable(&shown.reason)));
    for (name, value) in &shown.fields {
        match value {
            Value::Array(items) if items.iter().all(Value::is_object) => {
                for item in items {
                    print(&format!("{name}: {}", printable(&item.to_string())));
                }
            }
            Value::String(text) => print(&format!("{name}: {}", printable(text))),
            other => print(&format!("{name}: {}", printable(&other.to_string()))),
        }
    }
}

/// Prints a line; a reader that has gone away (`| head`) is no fault.
fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
