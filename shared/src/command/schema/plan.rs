//! `schema plan`.

use super::{BelievedArgs, inferred, read_document, refused, shown, status};
use crate::command::{print, something};
use crate::error::EngineFault;
use crate::lang::{Lang, plain, plain_line};
use crate::say;
use crate::schema::{Dialect, Plan};
use crate::station::Station;
use clap::Args;
use dukou_packets::packet::header::ChannelName;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct PlanArgs {
    /// 变更文件 / the file of changes
    file: PathBuf,
    #[command(flatten)]
    believed: BelievedArgs,
    /// 哪种数据库：postgres、mariadb、sqlite、oracle、dm / which kind of database
    #[arg(long, required_unless_present = "channel")]
    dialect: Option<Dialect>,
    /// 按这条通道的数据库 / for the database of this channel
    #[arg(long, conflicts_with = "dialect")]
    pub(super) channel: Option<ChannelName>,
    /// 允许丢失所列的内容 / what is listed may be lost
    #[arg(long, requires = "reason")]
    allow_loss: bool,
    /// 为什么可以丢 / why it may
    #[arg(long, value_parser = something, requires = "allow_loss")]
    reason: Option<String>,
}

/// Shows a plan: the script on standard output, what is to be known of it on standard error.
pub(super) fn plan(station: Option<&Station>, args: &PlanArgs, lang: Lang) -> Result<u8, EngineFault> {
    let name = shown(&args.file);
    let document = read_document(&args.file)?.map_err(|found| {
        refused(|lang| found.iter().map(|found| found.sentence(&name, lang)).collect::<Vec<_>>().join("\n"))
    })?;
    let mut structure = args.believed.read()?;
    let mut here = document.clone();
    let dialect = match (station, &args.channel, args.dialect) {
        (Some(station), Some(channel), _) => {
            let beside = status::compared(station, channel, &structure, lang)?;
            if beside.said.iter().any(|said| !said.is_harmless) {
                print(&status::lines(&beside.said))?;
                return Ok(1);
            }
            here = document.called(&beside.names).ok_or_else(|| refused(|lang| renamed(&name, lang)))?;
            structure = structure.called(&beside.names);
            beside.dialect
        }
        (_, _, dialect) => dialect.unwrap_or(Dialect::Postgres),
    };
    let plan = Plan::of(&structure, &here, dialect).map_err(|fault| refused(|lang| fault.sentence(&name, lang)))?;
    if plan.losses().next().is_some() && !args.allow_loss {
        print(&losses(&plan, lang))?;
        return Ok(1);
    }
    tell(&plan, inferred(&document, lang), lang);
    if let Some(reason) = &args.reason {
        print(&format!("-- loss allowed: {}\n", plain_line(reason)))?;
    }
    print(&plan.script())?;
    Ok(0)
}

fn renamed(name: &str, lang: Lang) -> String {
    say!(
        lang,
        "{name}：op = \"sql\" 涉及的表在这条通道的数据库里叫别的名字，语句不会替您改名；请用 --dialect 显示后由管理员改。",
        "{name}: a table that op = \"sql\" touches is called differently in this channel's database, and its statements are never changed; use --dialect, and let an administrator change them."
    )
}

/// What would be lost, with the queries that count it: without leave there is no script.
fn losses(plan: &Plan, lang: Lang) -> String {
    let mut said = say!(
        lang,
        "以下内容会丢失；确认可以之后加上 --allow-loss --reason 原因 再运行：\n",
        "This would be lost; where it may be, run again with --allow-loss --reason WHY:\n"
    );
    for loss in plan.losses() {
        said += &format!("{}\n  {}\n", loss.words(lang), loss.count.replace('\n', "\n  "));
    }
    said
}

fn tell(plan: &Plan, inferred: Option<String>, lang: Lang) {
    let (dialect, digest, count) = (plan.dialect, plan.digest(), plan.steps.len());
    let way = match dialect.is_transactional() {
        true => say!(lang, "一个事务", "one transaction"),
        false => {
            say!(lang, "逐步提交，可从中断的一步继续", "step by step, and it can go on from the step where it was stopped")
        }
    };
    let mut said = vec![say!(
        lang,
        "{dialect}：{count} 步，{way}。计划摘要 {digest}",
        "{dialect}: {count} steps, {way}. Digest of the plan {digest}"
    )];
    if matches!(dialect, Dialect::Oracle | Dialect::Dm) {
        said.push(say!(
            lang,
            "脚本没有在 {dialect} 上实跑过：请先在测试库上执行。末尾的 dukou-check 各行请原样交回。",
            "The script was never run on {dialect}: run it on a test database first. Hand back the lines of dukou-check at its end as they are."
        ));
    }
    if dialect == Dialect::Oracle {
        said.push(say!(
            lang,
            "Oracle 的 VARCHAR2 最多 4000 字节（MAX_STRING_SIZE = EXTENDED 除外）：超过 1333 个汉字的文本写不进 VARCHAR2(4000 CHAR)。",
            "A VARCHAR2 of Oracle takes 4000 bytes at most (but for MAX_STRING_SIZE = EXTENDED): text of more than 1333 Chinese characters does not go into VARCHAR2(4000 CHAR)."
        ));
    }
    said.extend(inferred);
    said.extend(plan.steps.iter().map(|step| {
        let (line, what, about, cost) = (step.line, step.operation, &step.subject, step.cost.words(lang));
        say!(lang, "  第 {line} 行 {what} {about}：{cost}", "  line {line} {what} {about}: {cost}")
    }));
    said.extend(plan.losses().map(|loss| loss.words(lang)));
    eprintln!("{}", plain(&said.join("\n")));
}
