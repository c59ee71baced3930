//! `init`: a new station from nothing, complete and commented.

mod lane;

use self::lane::{LaneArgs, NewLane, new_lane};
use super::print_all;
use crate::alarm::calendar;
use crate::alarm::settings::AlarmConfig;
use crate::channel::Channel;
use crate::daemon::open_store;
use crate::error::{ConfigFault, EngineFault};
use crate::ferry::profile::{Profile, SHIPPED};
use crate::keys::{self, NewKeys};
use crate::lang::Lang;
use crate::say;
use crate::station::{FerryConfig, Identity, KeepConfig, LinkConfig, PacketConfig, Station, StationConfig, is_station_name};
use crate::store::Direction;
use crate::store::place::StatePlace;
use clap::Args;
use dukou_packets::keyring::Side;
use dukou_packets::packet::header::Environment;
use dukou_packets::suite::{StationId, SystemRandom};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The channels of a new station, alike on both sides.
const CHANNELS: [(&str, &str); 3] = [
    ("report-message", include_str!("../../channels/report-message.toml")),
    ("registration-log", include_str!("../../channels/registration-log.toml")),
    ("report-response", include_str!("../../channels/report-response.toml")),
];

/// Options of `init`.
#[derive(Args)]
pub(super) struct InitArgs {
    /// 新建在哪个目录 / the directory to make
    dir: PathBuf,
    /// 站名 / what people call the station
    #[arg(long)]
    name: Option<String>,
    /// 测试环境：与正式站互不接收 / a test station: production stations set its packets aside
    #[arg(long)]
    test: bool,
    /// 设备参数：plain-folder, folder-diode, two-way-gate, text-gate, disc / the gap device's profile
    #[arg(long, value_name = "NAME", default_value = SHIPPED[0].0, value_parser = SHIPPED.map(|(name, _)| name))]
    profile: String,
    /// 状态放在哪里：sqlite，或 postgres://… / where the state is: sqlite, or postgres://…
    #[arg(long, value_name = "URL", default_value = "sqlite", value_parser = StatePlace::from_str)]
    store: StatePlace,
    /// 数据库口令的文件 / a file with the database's password
    #[arg(long, value_name = "FILE")]
    store_password_file: Option<PathBuf>,
    #[command(flatten)]
    lane: LaneArgs,
}

/// Makes a station; the directory must be empty or not there. What fails midway is taken away again.
pub(super) fn init(args: &InitArgs, side: Side, lang: Lang) -> Result<u8, EngineFault> {
    let station = Station { dir: args.dir.clone(), config: config(args, side, lang)? };
    check_name(&station.config.station.name)?;
    refuse_taken(&args.dir)?;
    let lane = new_lane(&args.lane, side, station.config.station.environment, lang)?;
    let made = Made::begin(&args.dir)?;
    match build(&station, lane).and_then(|new| show(&station, &new, lang)) {
        Ok(()) => Ok(0),
        Err(fault) => Err(made.undo(fault)),
    }
}

fn check_name(name: &str) -> Result<(), ConfigFault> {
    let sentence = |lang| {
        say!(
            lang,
            "--name 不合要求，应为 1–64 个字，不能全是空格，也不能有换行等控制字符；没有新建任何东西。请改正后重试。",
            "--name must be 1–64 characters, not all blank and without line breaks or control characters; nothing was made. Correct it and try again."
        )
    };
    match is_station_name(name) {
        true => Ok(()),
        false => Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }),
    }
}

fn build(station: &Station, lane: Option<NewLane>) -> Result<NewKeys, EngineFault> {
    let dir = &station.dir;
    for own in station.own_dirs() {
        make_dir(&own)?;
    }
    make_dir(&dir.join("channels"))?;
    make_dir(&station.ferry_out())?;
    make_dir(&station.ferry_in())?;
    for private in [station.keys_dir(), station.state_dir(), dir.join("spool")] {
        restrict(&private)?;
    }
    let new = keys::create(station, &SystemRandom)?;
    for (name, text) in CHANNELS {
        keys::write_durably(&dir.join("channels").join(format!("{name}.toml")), text.as_bytes(), 0o644)?;
    }
    if let Some(file) = &station.config.link.profile {
        make_dir(&dir.join("profiles"))?;
        keys::write_durably(&dir.join(file), profile_text(file).as_bytes(), 0o644)?;
    }
    for channel in Channel::load_all(station)? {
        let folder = match channel.direction(station.config.station.side) {
            Direction::Out => channel.source.folder().map(|source| &source.folder),
            Direction::In => channel.sink.folder().map(|sink| &sink.folder),
        };
        folder.map_or(Ok(()), |folder| make_dir(&dir.join(folder)))?;
    }
    if let Some(NewLane { file, text }) = lane {
        make_dir(&dir.join("lanes"))?;
        keys::write_durably(&dir.join("lanes").join(file), text.as_bytes(), 0o644)?;
    }
    keys::write_durably(&dir.join("calendar.toml"), calendar::SHIPPED.as_bytes(), 0o644)?;
    // station.toml comes last: a directory without it is no station, and an interrupted init is seen as one.
    let mode = if has_password(&station.config.station.store) { 0o600 } else { 0o644 };
    keys::write_durably(&dir.join("station.toml"), station_toml(&station.config).as_bytes(), mode)?;
    let made = Station::load(dir)?;
    if made.config.station.store != StatePlace::Sqlite {
        // A server that does not let the station in is told now.
        drop(open_store(&made)?);
    }
    Ok(new)
}

fn has_password(store: &StatePlace) -> bool {
    matches!(store, StatePlace::Postgres(url) if url.has_password())
}

/// Prints what is shown this once: a station whose recovery key nobody could read must not stay.
fn show(station: &Station, new: &NewKeys, lang: Lang) -> Result<(), EngineFault> {
    let sentence = |lang| {
        say!(
            lang,
            "恢复密钥没能显示出来（标准输出写不了），所以没有建站，已撤销所做的一切。请在能看到输出的终端里重新运行 init。",
            "The recovery key could not be shown (standard output cannot be written), so no station was made and everything was undone. Run init again where its output can be read."
        )
    };
    print_all(|out| out.write_all(welcome(station, new, lang).as_bytes()))
        .map_err(|_| ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into())
}

/// What an `init` that fails has to take away: everything in the directory, and the directories that were not there before.
struct Made {
    dir: PathBuf,
    new_dirs: Vec<PathBuf>,
}

impl Made {
    /// Makes the directory, and in it `keys/`, which tells two `init`s at one time apart.
    fn begin(dir: &Path) -> Result<Self, EngineFault> {
        let new_dirs =
            dir.ancestors().filter(|dir| *dir != Path::new("")).take_while(|dir| !dir.exists()).map(Path::to_path_buf);
        let made = Self { dir: dir.to_path_buf(), new_dirs: new_dirs.collect() };
        if let Err(fault) = make_dir(dir) {
            made.remove_new_dirs();
            return Err(fault.into());
        }
        let keys = dir.join("keys");
        match std::fs::create_dir(&keys) {
            Ok(()) => Ok(made),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(ConfigFault::Taken { path: dir.to_path_buf() }.into())
            }
            Err(error) => {
                made.remove_new_dirs();
                Err(ConfigFault::unreadable(&keys, &error).into())
            }
        }
    }

    /// Takes everything away and gives the fault back, with what could not be taken away.
    fn undo(self, fault: EngineFault) -> EngineFault {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let left: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| remove(path).is_err()).collect();
        self.remove_new_dirs();
        match left.into_iter().next() {
            None => fault,
            Some(left) => ConfigFault::InitLeft { why: [Lang::Zh, Lang::En].map(|lang| fault.sentence(lang)), left }.into(),
        }
    }

    /// Innermost first; one that is not empty stays, and so do those above it.
    fn remove_new_dirs(&self) {
        let _ = self.new_dirs.iter().try_for_each(std::fs::remove_dir);
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match path.is_dir() {
        true => std::fs::remove_dir_all(path),
        false => std::fs::remove_file(path),
    }
}

fn refuse_taken(dir: &Path) -> Result<(), ConfigFault> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(ConfigFault::Taken { path: dir.to_path_buf() }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Err(ConfigFault::Taken { path: dir.to_path_buf() }),
        Err(error) => Err(ConfigFault::unreadable(dir, &error)),
    }
}

fn make_dir(dir: &Path) -> Result<(), ConfigFault> {
    std::fs::create_dir_all(dir).map_err(|error| ConfigFault::unreadable(dir, &error))
}

fn restrict(dir: &Path) -> Result<(), ConfigFault> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(|error| ConfigFault::unreadable(dir, &error))
}

fn config(args: &InitArgs, side: Side, lang: Lang) -> Result<StationConfig, ConfigFault> {
    let default_name = match side {
        Side::Inner => "内网摆渡站",
        Side::Outer => "外网摆渡站",
    };
    Ok(StationConfig {
        station: Identity {
            id: StationId::draw(&SystemRandom),
            name: args.name.clone().unwrap_or_else(|| default_name.to_string()),
            side,
            environment: if args.test { Environment::Test } else { Environment::Production },
            lang,
            store: args.store.clone(),
            store_password_file: args.store_password_file.as_deref().map(from_anywhere).transpose()?,
        },
        ferry: FerryConfig::default(),
        link: link_of(&args.profile)?,
        packets: PacketConfig::default(),
        keep: KeepConfig::default(),
        alarm: AlarmConfig::default(),
        lanes: Vec::new(),
    })
}

/// Gives a file's path as it stands wherever a command is started.
fn from_anywhere(file: &Path) -> Result<PathBuf, ConfigFault> {
    std::path::absolute(file).map_err(|error| ConfigFault::unreadable(file, &error))
}

/// Gives what fits a profile: on a one-way folder link what is lost is met by repair packets and by sending everything once more.
fn link_of(profile: &str) -> Result<LinkConfig, ConfigFault> {
    let file = Path::new("profiles").join(format!("{profile}.toml"));
    let device = Profile::parse(&file, profile_text(&file))?;
    let folder_one_way = device.config().way_back == Some(false) && device.config().disc_bytes == 0;
    let (repair_parity, repeat_after_minutes) = if folder_one_way { (2, 30) } else { (0, 0) };
    Ok(LinkConfig { profile: Some(file), device, repair_parity, repeat_after_minutes, ..LinkConfig::default() })
}

/// Gives the text of a profile that comes with the program.
fn profile_text(file: &Path) -> &'static str {
    let shipped = SHIPPED.iter().find(|(name, _)| file.file_stem().is_some_and(|stem| stem == *name));
    shipped.map_or("", |(_, text)| text)
}

/// Writes `station.toml` with its comments; what `toml` quotes it quotes here, too. A line behind `#` holds the default, or an example where there is none.
fn station_toml(config: &StationConfig) -> String {
    let StationConfig { station, ferry, link, packets, keep, alarm, lanes: _ } = config;
    let name = toml::Value::String(station.name.clone());
    let store = toml::Value::String(match &station.store {
        StatePlace::Sqlite => "sqlite".to_string(),
        StatePlace::Postgres(url) => url.secret_text().to_string(),
    });
    let password_file = station.store_password_file.as_deref().map(|file| toml::Value::String(file.display().to_string()));
    let password_file = password_file
        .map_or("# store_password_file = \"store.password\"".to_string(), |file| format!("store_password_file = {file}"));
    let environment = match station.environment {
        Environment::Production => "production",
        Environment::Test => "test",
    };
    format!(
        r#"# 摆渡站配置：改动后重启生效，# 后面的设置是默认值 / station configuration: changes take effect at the next start, settings behind # are the defaults
[station]            # 本站 / this station
id = "{}"            # 站号，不要改 / never change
name = {name}   # 站名，给人看的 / what people call it
side = "{}"          # inner 业务内网，outer 政务外网 / which side
environment = "{environment}"   # production 正式，test 测试；两者互不接收 / the two never mix
lang = "{}"          # 界面语言 zh、en / language of everything people read
store = {store}     # 状态：sqlite，或 postgres://…，建站后不要改 / the state: sqlite, or postgres://…; never change
{password_file}   # 数据库口令的文件，仅本站账号能读 / a file with the database's password, readable by the station's account alone

[ferry]              # 摆渡目录：隔离设备搬运的目录 / the directories the gap device moves
out = "{}"   # 发出 / what leaves
in = "{}"   # 收到 / what arrives
scan_seconds = {}    # 全面扫描的间隔 / seconds between full scans
incomplete_scans = {} # 不完整的包等几轮才另存待查 / scans before a short packet is set aside

[packets]            # 摆渡包 / packets
suite = {}           # 密码套件：1 AES-256-GCM，2 ChaCha20-Poly1305 / cipher suite, one of the two
level = {}           # 压缩级别 zstd 1–19，数字越大，包越小、越慢 / level of zstd, 1–19: higher is smaller and slower
# rows_level = {}      # 成批的数据库行用的压缩级别 / the level for runs of a database's rows

[keep]               # 按运行天数 / in days of running time
sent_days = {}       # 已离站的包，resend 只能重发这些，至少 30 / packets that left: what resend can send again, at least 30
applied_days = {}    # 已落地的包，replay 只能用这些 / packets applied: what replay can deliver again
# confirmed_days = {}   # 其中对方已确认的，不超过 sent_days / those the peer confirmed, at most sent_days
# spool_gib = {}     # 一条通道等在本站的包（连同旧代的证据）最多占多少 GiB，满了留在摆渡目录 / most a channel keeps here, evidence of ended epochs included; then packets stay in the ferry directory

[link]               # 链路上的隔离设备，丢了包怎么办 / the gap device on the link, and what is done about loss
profile = "{}"   # 设备参数 / what the gap device carries
repeat_after_minutes = {}   # 无回程：多少分钟后每个包再放一遍，0 不放 / without a way back: everything once more; 0 never
repair_parity = {}    # 每组修复包数，途中丢这么多也能还原，0 不做 / repair packets a group: so many lost ones are rebuilt; 0 none
# repair_data = {}   # 每组几个包 / packets a group
# way_back = true    # 有没有回程，两站都写；不写按设备参数 / whether what is sent is answered, on both stations; left out: as the profile says
# signal_seconds = {}   # 多久发一次信号包 / seconds between two signals
# resend_after_seconds = {}   # 有回程：对方缺的包离站多久才自动重发 / with a way back: how long after it left a missing packet goes again
# window_packets = {}   # 有回程：一条通道最多几个包没有确认 / with a way back: most unconfirmed packets of a channel
# window_mib = {}   # 同上，按 MiB / the same in MiB
# resend_per_minute = {}   # 补放的包每分钟最多几个，0 不限 / most packets a minute that go again; 0 all at once
# habit = "always"   # 何时通：always、working-hours，或送盘的时刻 ["09:00", "16:00"] / when it carries: named, or times of day
# calendar = "{}"   # 工作时间、放假、调休 / working hours, holidays, worked weekends

[alarm]              # 警报里写明打给谁，何时算静默 / whom an alarm names, and when silence counts
# contact = "姓名"   # 联系人 / whom to call
# telephone = "电话"   # 电话 / the number
# quiet_periods = {}   # 对方几个周期没有消息算有些安静，再过这么久算静默 / periods without news until quiet; as long again until silent
# missed_runs = {}   # 定时送盘：连续几趟没来算静默 / runs in a row that brought nothing until silent
# run_tolerance_minutes = {}   # 定时送盘：前后多少分钟内都算这一趟 / minutes around a run's time that count as the run
# backlog_minutes = {}   # 积压一直增加、摆渡目录一直将满，多少分钟后报警 / minutes a backlog must have grown, or the ferry directory stayed nearly full
"#,
        station.id,
        station.side,
        station.lang,
        ferry.out.display(),
        ferry.arrive.display(),
        ferry.scan_seconds,
        ferry.incomplete_scans,
        packets.suite,
        packets.level,
        packets.rows_level,
        keep.sent_days,
        keep.applied_days,
        keep.confirmed_days,
        keep.spool_gib,
        link.profile.as_deref().unwrap_or(Path::new("")).display(),
        link.repeat_after_minutes,
        link.repair_parity,
        link.repair_data,
        link.signal_seconds,
        link.resend_after_seconds,
        link.window_packets,
        link.window_mib,
        link.resend_per_minute,
        link.calendar.display(),
        alarm.quiet_periods,
        alarm.missed_runs,
        alarm.run_tolerance_minutes,
        alarm.backlog_minutes,
    )
}

fn welcome(station: &Station, new: &NewKeys, lang: Lang) -> String {
    let dir = station.dir.display();
    let fingerprint = new.card.fingerprint();
    let recovery = recovery_text(&new.recovery);
    let code = QrCode::new(recovery.replace(' ', "")).map(|code| code.render::<Dense1x2>().build()).unwrap_or_default();
    say!(
        lang,
        "已新建摆渡站 {dir}\n本站密钥卡指纹：\n  {fingerprint}\n\n恢复密钥（只显示这一次，请抄写或打印后锁入保险柜，不要存在电脑里）：\n  {recovery}\n{code}\n\n下一步：把 card 的输出交给对方，并对对方的密钥卡运行 trust。\n",
        "Made the station {dir}\nFingerprint of its card:\n  {fingerprint}\n\nRecovery key (shown this once; write it down or print it, lock it in a safe, keep no copy on a computer):\n  {recovery}\n{code}\n\nNext: give the output of card to the peer, and run trust on the peer's card.\n"
    )
}

/// The recovery key for writing down: base32 in groups of four, with two characters of check at the end.
pub(super) fn recovery_text(secret: &[u8; 32]) -> String {
    let check = dukou_packets::suite::sha256(&[b"dukou-recovery-v1\0", secret]);
    let bytes = [&secret[..], &check.as_bytes()[..3]].concat();
    let text = data_encoding::BASE32_NOPAD.encode(&bytes);
    text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(profile: &str) -> (StationConfig, String) {
        let profile = profile.to_string();
        let store = StatePlace::Sqlite;
        let (dir, lane) = ("station".into(), LaneArgs::default());
        let args = InitArgs { dir, name: None, test: true, profile, store, store_password_file: None, lane };
        let config = config(&args, Side::Outer, Lang::Zh).expect("a shipped profile");
        let text = station_toml(&config);
        (config, text)
    }

    fn is_setting(line: &str) -> bool {
        line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    }

    /// Gives the comments of a file: of lines that are nothing else, as many as stand together; else what stands behind a line.
    fn comments(text: &str) -> Vec<String> {
        let mut comments = vec![String::new()];
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(comment) if !is_setting(comment) => {
                    comments.last_mut().expect("the first").push_str(comment);
                    continue;
                }
                rest => comments
                    .push(rest.unwrap_or(line).split_once(" # ").map(|(_, comment)| comment.to_string()).unwrap_or_default()),
            }
            comments.push(String::new());
        }
        comments.retain(|comment| !comment.is_empty());
        comments
    }

    #[test]
    fn every_comment_that_a_new_station_has_is_chinese_first_and_english_too() {
        let mut texts: Vec<String> = CHANNELS.iter().map(|(_, text)| text.to_string()).collect();
        texts.extend(SHIPPED.iter().flat_map(|(profile, text)| [text.to_string(), written(profile).1]));
        texts.push(calendar::SHIPPED.to_string());
        for comment in texts.iter().flat_map(|text| comments(text)) {
            let chinese = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
            let english = comment.rsplit_once(chinese).map(|(_, behind)| behind).unwrap_or_default();
            assert!(english.split(|letter: char| !letter.is_ascii_lowercase()).any(|word| word.len() > 2), "{comment}");
        }
    }

    /// Takes the `#` away from the lines that hold a setting.
    fn uncommented(text: &str) -> String {
        let line = |line: &str| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line).to_string() + "\n";
        text.lines().map(line).collect()
    }

    #[test]
    fn station_toml_names_every_setting_and_what_stands_behind_a_hash_is_the_default() {
        for (profile, _) in SHIPPED {
            let (config, text) = written(profile);
            let read = |text: &str| toml::from_str::<StationConfig>(text).expect("what init writes");
            let value = |config: &StationConfig| toml::Value::try_from(config).expect("a configuration");
            assert_eq!(value(&read(&text)), value(&config), "{profile}");
            let mut full = read(&uncommented(&text));
            assert_eq!((full.link.way_back.take(), full.alarm.contact.take()), (Some(true), Some("姓名".to_string())));
            assert_eq!(full.alarm.telephone.take(), Some("电话".to_string()));
            assert_eq!(full.station.store_password_file.take(), Some("store.password".into()));
            assert_eq!(value(&full), value(&config), "{profile}");
            for (section, settings) in value(&config).as_table().expect("sections") {
                for setting in settings.as_table().expect("settings").keys() {
                    assert!(uncommented(&text).contains(&format!("\n{setting} = ")), "{section}.{setting}");
                }
            }
        }
    }
}
