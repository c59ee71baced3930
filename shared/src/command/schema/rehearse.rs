//! `schema try`: a change is tried where rows come in, and taken back.
//!
//! It speaks to the databases alone and leaves the station as it is, so that it works beside a running one.

use super::decide::{WhichArgs, here, pick};
use super::refused;
use crate::channel::Channel;
use crate::command::print;
use crate::connectors::tables::database::{Drivers, restructurer_of, sink_of};
use crate::connectors::tables::restructure::{Ends, Rehearsal, Restructure, RestructureFault};
use crate::connectors::tables::words::DatabaseFault;
use crate::daemon;
use crate::error::EngineFault;
use crate::lang::{Lang, plain_line};
use crate::say;
use crate::schema::Document;
use crate::schema::document::Operation;
use crate::schema::here::{Changed, Here};
use crate::station::Station;
use crate::store::Direction;
use clap::Args;
use dukou_packets::suite::Digest;

#[derive(Args)]
pub(super) struct TryArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// 变更文件里有 op = "sql" 时，读过其中的 SQL 之后才写 / where the document has op = "sql": its SQL was read
    #[arg(long)]
    run_sql: bool,
}

pub(super) fn rehearse(station: &Station, args: &TryArgs, lang: Lang) -> Result<u8, EngineFault> {
    let change = pick(station, args.which.number, &args.which.among)?;
    let wrong = |sentence: &dyn Fn(Lang) -> String| refused(sentence);
    let Ok(document) = Document::read(&change.document) else {
        return Err(wrong(&|lang| {
            say!(lang, "登记的变更文件读不出，请升级本站程序。", "The document cannot be read; upgrade this program.")
        })
        .into());
    };
    // What functions do that such SQL calls may last beyond the transaction: nobody runs it unread.
    let of_sql = document.changes.iter().find(|change| matches!(change.operation, Operation::Sql { .. }));
    if let Some(line) = of_sql.map(|change| change.line).filter(|_| !args.run_sql) {
        return Err(wrong(&|lang| has_sql(change.key.to, line, lang)).into());
    }
    let here = here(station, &document, Some(&change.base))?
        .map_err(|fault| wrong(&|lang| fault.sentence("schema-change.toml", lang)))?;
    let channels = Channel::load_all(station)?;
    let (mut said, mut code) = (String::new(), 0);
    for changed in here.databases.iter().filter(|changed| changed.direction == Direction::In) {
        let place = plain_line(&changed.place).to_string();
        let tried = daemon::on_engine_thread(|| try_in(station, &channels, (&here, changed), change.key.document))?;
        said += &match tried {
            None => say!(lang, "{place}：没有能试的连接器\n", "{place}: there is no connector that could try it\n"),
            Some(Ok(Rehearsal::Whole)) => say!(
                lang,
                "{place}：在一个事务里整个做了一遍，每一步都核对过，已全部退回，什么都没有改\n",
                "{place}: all of it was made in one transaction, each step checked, and taken back; nothing was changed\n"
            ),
            Some(Ok(Rehearsal::Asked)) => say!(
                lang,
                "{place}：这种数据库每条 DDL 即提交，只用查询核对了前提和会丢的值，没有执行任何一步\n",
                "{place}: this database commits each DDL statement; only what the steps require and would lose was asked, and no step was taken\n"
            ),
            Some(Err(fault)) => {
                code = 1;
                let why = words(&fault, lang);
                say!(lang, "{place}：不行，{why}；什么都没有改\n", "{place}: it cannot be made: {why}; nothing was changed\n")
            }
        };
    }
    if here.databases.iter().all(|changed| changed.direction == Direction::Out) {
        said += &say!(
            lang,
            "这份变更不改本站接收端的数据库，没有要试的。\n",
            "The change touches no database here that rows come into; there is nothing to try.\n"
        );
    }
    print(&said)?;
    Ok(code)
}

fn has_sql(to: u32, line: usize, lang: Lang) -> String {
    say!(
        lang,
        "变更文件第 {line} 行有自带的 SQL（op = \"sql\"），试跑也会执行它，其中调用的函数可能退不回来；什么都没有执行。请先读 schema show {to}，确认之后加上 --run-sql 再运行。",
        "Line {line} of the document has SQL of its own (op = \"sql\"); a try runs it, too, and what functions do that it calls may not be taken back. Nothing was run. Read schema show {to} first, then run this again with --run-sql."
    )
}

/// Tries it in one database, with the sinks' marks as they are.
fn try_in(
    station: &Station,
    channels: &[Channel],
    (here, changed): (&Here, &Changed),
    document: Digest,
) -> Result<Option<Result<Rehearsal, RestructureFault>>, EngineFault> {
    let leads = |channel: &&Channel| {
        here.coming.contains(&channel.channel) && channel.sink.tables().is_some_and(|sink| sink.database == changed.place)
    };
    let ends: Vec<&Channel> = channels.iter().filter(leads).collect();
    let mut marks = Vec::new();
    for end in &ends {
        let fault = |fault| DatabaseFault { channel: end.channel.clone(), fault: Box::new(fault) };
        if let Some(mut sink) = sink_of(&Drivers, station, end)? {
            marks.extend(sink.mark(&end.channel).map_err(fault)?.map(|mark| (end.channel.clone(), mark)));
        }
    }
    let Some(first) = ends.first() else { return Ok(None) };
    let Some(mut database) = restructurer_of(&Drivers, station, first, Direction::In)? else { return Ok(None) };
    let order = Restructure { document, plan: &changed.plan, ends: Ends::Coming(marks), is_vouched_for: false };
    Ok(Some(database.rehearse(&order)))
}

fn words(fault: &RestructureFault, lang: Lang) -> String {
    match fault {
        RestructureFault::Table(fault) => fault.words(lang),
        RestructureFault::Step { step, line, why } => {
            let why = why.words(lang);
            say!(lang, "第 {step} 步（变更文件第 {line} 行）{why}", "step {step} (line {line} of the document): {why}")
        }
        RestructureFault::ByHand { script } => {
            say!(
                lang,
                "本程序不连接这个数据库，由管理员执行 {script}",
                "this program does not connect to it; its administrator runs {script}"
            )
        }
        RestructureFault::Another => {
            say!(lang, "这个数据库里另一份变更没有做完", "another change is begun in this database and not done")
        }
    }
}
