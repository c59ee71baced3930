//! What a change of a structure comes to at one station: which databases it changes, with which SQL, and which channels it concerns.
//!
//! Given: a station's channels, the structure as it is, a document. Gives: a plan for each database, under the names that its tables have there, and the
//! digest of all of them, which approvers sign. Never: a database asked; a table changed that no channel of the structure has.

use super::bundle::BundleFault;
use super::document::{Document, Operation};
use super::loss::Loss;
use super::naming::Names;
use super::plan::{Dialect, Plan, PlanFault};
use super::structure::{DescriptionFault, Structure, Unfit};
use super::versions::{self, Believed};
use crate::channel::Channel;
use crate::connectors::tables::describe::dialect_of;
use crate::lang::Lang;
use crate::registration::reference::Reference;
use crate::say;
use crate::store::Direction;
use crate::store::book::BookChange;
use dukou_packets::keyring::Side;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::{Digest, sha256};
use std::collections::BTreeMap;

/// What the digest of a station's plans begins with.
const PLANS: &[u8] = b"dukou-schema-plans-v1\0";

/// A change at a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// The structure before.
    pub before: Structure,
    /// The databases that it changes, those first that rows leave from.
    pub databases: Vec<Changed>,
    /// The channels that it concerns and that leave from here.
    pub leaving: Vec<ChannelName>,
    /// The channels that it concerns and that come in.
    pub coming: Vec<ChannelName>,
}

/// A database that a change concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Whether rows leave from it (`Out`) or go into it (`In`).
    pub direction: Direction,
    /// Its URL, without a password.
    pub place: String,
    /// What is done to it.
    pub plan: Plan,
}

/// Which kind each database is that no driver speaks to, by its place: as the list of columns in its folder says.
pub type ByHand = BTreeMap<String, Dialect>;

/// Why a change cannot be made here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HereFault {
    /// No channel has this structure.
    #[error("no channel of this station has the structure {0}")]
    NoChannel(String),
    /// `structures/NAME.toml` is not there.
    #[error("structures/{0}.toml is not there")]
    NoDescription(String),
    /// `structures/NAME.toml` is wrong.
    #[error("structures/{name}.toml: {fault}")]
    Description {
        /// The structure.
        name: String,
        /// What is wrong.
        fault: DescriptionFault,
    },
    /// The document does not fit the structure.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// There is no plan for a database.
    #[error("{place}: {fault}")]
    Plan {
        /// Its URL.
        place: String,
        /// Why.
        fault: PlanFault,
    },
    /// This program has no driver for the database of a channel, and its folder does not tell which kind it is.
    #[error("there is no driver for the database of channel {0}, and no list of columns tells which kind it is")]
    NoDriver(ChannelName),
    /// SQL of the document touches a table that is called differently here, or tables of which the channels have only some.
    #[error("op = \"sql\" in line {0} touches tables that the channels have under other names or only in part")]
    Sql(usize),
    /// Rows leave from two databases that it changes: that cannot be one transaction.
    #[error("it changes two databases that rows leave from")]
    TwoSources,
    /// The bundle of reference data that it brings cannot be used.
    #[error(transparent)]
    Bundle(#[from] BundleFault),
    /// No end of a channel here is at the version that it begins at.
    #[error("no channel of this station is at version {from} of {structure}")]
    NotAt {
        /// The structure.
        structure: String,
        /// The version that it begins at.
        from: u32,
    },
}

impl HereFault {
    /// Says it, with the document's name.
    pub fn sentence(&self, file: &str, lang: Lang) -> String {
        match self {
            Self::NoChannel(name) => say!(
                lang,
                "本站没有 structure = \"{name}\" 的通道；没有改动任何东西。请在通道文件里写上，再运行一次。",
                "No channel of this station has structure = \"{name}\"; nothing was changed. Name it in the channels' files and run this again."
            ),
            Self::NoDescription(name) => say!(
                lang,
                "没有 structures/{name}.toml；没有改动任何东西。请放入这个结构第一版的说明。",
                "There is no structures/{name}.toml; nothing was changed. Put the description of that structure's first version there."
            ),
            Self::Description { name, fault } => fault.sentence(&format!("structures/{name}.toml"), lang),
            Self::Unfit(unfit) => unfit.sentence(file, lang),
            Self::Plan { place, fault } => format!("{place}: {}", fault.sentence(file, lang)),
            Self::NoDriver(channel) => say!(
                lang,
                "通道 {channel} 的目录里没有能读的 columns.tsv，不知道是哪种数据库；没有改动任何东西。请数据库管理员导出列清单放入（deploy/DATABASES.md）。",
                "The folder of channel {channel} has no columns.tsv that can be read, so that nobody knows which kind of database it is; nothing was changed. Have its administrator put the list of columns there (deploy/DATABASES.md)."
            ),
            Self::Sql(line) => say!(
                lang,
                "{file} 第 {line} 行 op = \"sql\" 涉及的表在本站叫别的名字，或通道只有其中一部分；没有改动任何东西。",
                "{file} line {line}: op = \"sql\" touches tables that are called differently here, or of which the channels have only some; nothing was changed."
            ),
            Self::Bundle(fault) => {
                let words = fault.words(lang);
                say!(
                    lang,
                    "{file}：基准资料包不能用：{words}；没有改动任何东西。",
                    "{file}: the reference data cannot be used: {words}; nothing was changed."
                )
            }
            Self::NotAt { structure, from } => say!(
                lang,
                "本站没有哪条通道在结构 {structure} 的第 {from} 版上；没有改动任何东西。请看 schema show：前一版要先做完，两边的结构说明也要一致。",
                "No channel of this station is at version {from} of structure {structure}; nothing was changed. See schema show: the version before has to be made first, and the descriptions of both sides have to be the same."
            ),
            Self::TwoSources => say!(
                lang,
                "这份变更要改两个来源数据库，不能是一个事务；没有改动任何东西。请分成两份文件。",
                "This document changes two source databases, which cannot be one transaction; nothing was changed. Make two documents of it."
            ),
        }
    }
}

/// Names of a database's tables, gathered over its channels.
type Ends = BTreeMap<(bool, String), (ChannelName, Names)>;

/// What a station knows of its structures.
#[derive(Clone, Copy, Debug)]
pub struct Standpoint<'a> {
    /// Its channels.
    pub channels: &'a [Channel],
    /// Which side it is.
    pub side: Side,
    /// The description of the structure's first version.
    pub description: &'a [u8],
    /// The changes that are known.
    pub book: &'a [BookChange],
    /// At which versions its ends are.
    pub believed: &'a Believed,
    /// Which kind the databases are that no driver speaks to.
    pub by_hand: &'a ByHand,
}

/// Tells whether a document concerns a channel of its structure: it touches a table of it, or makes one where it has any; or renames what its messages hold. No
/// operation renames a table, so that every version of the structure gives the same answer.
pub fn concerns(structure: &Structure, channel: &Channel, document: &Document) -> bool {
    let tables = channel.source.tables().map_or(&[][..], |source| &source.tables);
    let (names, _) = structure.names_in(&tables.iter().map(|table| (table.clone(), table.clone())).collect::<Vec<_>>());
    document.changes.iter().any(|change| match &change.operation {
        // Rows are not judged by reference data.
        Operation::RenameElement { .. } | Operation::Reference(_) => tables.is_empty(),
        Operation::AddTable(_) => !names.is_empty(),
        operation => operation.tables().iter().any(|table| names.contains_key(*table)),
    })
}

impl Here {
    /// Tells what a document comes to at a station of `side`, given the structure before.
    ///
    /// # Errors
    /// [`HereFault`].
    pub fn of(
        (channels, by_hand): (&[Channel], &ByHand),
        side: Side,
        before: Structure,
        document: &Document,
    ) -> Result<Self, HereFault> {
        let name = &document.structure;
        before.apply(document)?;
        if let Some(bundle) = document.bundle() {
            Reference::read(&bundle.open()?)?;
        }
        let mut here = Self { before, databases: Vec::new(), leaving: Vec::new(), coming: Vec::new() };
        let mut ends = Ends::new();
        let mut any = false;
        for channel in channels.iter().filter(|channel| channel.structure.as_ref() == Some(name)) {
            any = true;
            here.take(channel, side, document, &mut ends);
        }
        if !any {
            return Err(HereFault::NoChannel(name.clone()));
        }
        for ((comes, place), (channel, names)) in ends {
            let Some(part) = part_of(document, &names)? else { continue };
            let dialect = dialect_of(&place).or_else(|| by_hand.get(&place).copied()).ok_or(HereFault::NoDriver(channel))?;
            let plan = Plan::of(&here.before.called(&names), &part, dialect)
                .map_err(|fault| HereFault::Plan { place: place.clone(), fault })?;
            let direction = if comes { Direction::In } else { Direction::Out };
            here.databases.push(Changed { direction, place, plan });
        }
        match here.databases.iter().filter(|changed| changed.direction == Direction::Out).count() {
            0 | 1 => Ok(here),
            _ => Err(HereFault::TwoSources),
        }
    }

    /// Tells what a document that is proposed comes to: it begins at the version with its number at which an end of a channel here is.
    ///
    /// # Errors
    /// [`HereFault`].
    pub fn of_proposal(at: &Standpoint<'_>, document: &Document) -> Result<Self, HereFault> {
        let name = &document.structure;
        let wrong = |fault| HereFault::Description { name: name.clone(), fault };
        let first = Structure::read(at.description).map_err(wrong)?;
        let of_structure = || at.channels.iter().filter(|channel| channel.structure.as_ref() == Some(name));
        if of_structure().next().is_none() {
            return Err(HereFault::NoChannel(name.clone()));
        }
        let ends = versions::Ends { believed: at.believed, book: at.book, first: &first };
        let not_at = || HereFault::NotAt { structure: name.clone(), from: document.from };
        let base = ends.version(of_structure(), document.from).ok_or_else(not_at)?;
        Self::behind(at, &base, document)
    }

    /// Tells what a document comes to that begins at the version with this digest.
    ///
    /// # Errors
    /// [`HereFault`].
    pub fn behind(at: &Standpoint<'_>, base: &Digest, document: &Document) -> Result<Self, HereFault> {
        let (structure, from) = (document.structure.clone(), document.from);
        let wrong = |fault| HereFault::Description { name: structure.clone(), fault };
        let before = Structure::version(at.description, at.book, Some(base)).map_err(wrong)?;
        Self::of((at.channels, at.by_hand), at.side, before.ok_or(HereFault::NotAt { structure, from })?, document)
    }

    /// Takes a channel of the structure.
    fn take(&mut self, channel: &Channel, side: Side, document: &Document, ends: &mut Ends) {
        let goes = channel.direction(side) == Direction::Out;
        let tables = channel.source.tables().map_or(&[][..], |source| &source.tables);
        let sink = channel.sink.tables();
        let named = |table: &String| {
            let here = sink.filter(|_| !goes).map_or(table.as_str(), |sink| sink.name_of(table));
            (table.clone(), here.to_owned())
        };
        let (names, _) = self.before.names_in(&tables.iter().map(named).collect::<Vec<_>>());
        if concerns(&self.before, channel, document) {
            let list = if goes { &mut self.leaving } else { &mut self.coming };
            list.push(channel.channel.clone());
            list.sort();
        }
        let place = match goes {
            true => channel.source.tables().map(|source| &source.database),
            false => sink.map(|sink| &sink.database),
        };
        if let Some(place) = place {
            let end = ends.entry((!goes, place.clone())).or_insert_with(|| (channel.channel.clone(), Names::new()));
            end.1.extend(names);
        }
    }

    /// Gives the digest that approvers sign: of all plans, in their order.
    pub fn digest(&self) -> Digest {
        let parts: Vec<Vec<u8>> = self.databases.iter().map(Changed::signed).collect();
        let count = (parts.len() as u32).to_le_bytes();
        let all: Vec<&[u8]> = [PLANS, &count].into_iter().chain(parts.iter().map(Vec::as_slice)).collect();
        sha256(&all)
    }

    /// Gives what may be lost.
    pub fn losses(&self) -> impl Iterator<Item = &Loss> {
        self.databases.iter().flat_map(|changed| changed.plan.losses())
    }
}

impl Changed {
    /// Tells whether its administrator makes the change, and no driver.
    pub fn is_by_hand(&self) -> bool {
        dialect_of(&self.place).is_none()
    }

    fn signed(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.direction == Direction::In)];
        bytes.extend_from_slice(self.plan.digest().as_bytes());
        bytes
    }
}

/// Gives the part of a document that a database with these tables is concerned by, under its names: a new table is made in each. `None` where nothing is.
fn part_of(document: &Document, names: &Names) -> Result<Option<Document>, HereFault> {
    let made: Vec<&str> = document
        .changes
        .iter()
        .filter_map(|change| match &change.operation {
            Operation::AddTable(table) => Some(table.name.as_str()),
            _ => None,
        })
        .collect();
    let mut part = Document { changes: Vec::new(), ..document.clone() };
    for change in &document.changes {
        let tables = change.operation.tables();
        let has = tables.iter().filter(|table| names.contains_key(**table) || made.contains(*table)).count();
        if has == tables.len() {
            part.changes.push(change.clone());
        } else if has > 0 {
            return Err(HereFault::Sql(change.line));
        }
    }
    let changes_tables = part.changes.iter().any(|change| !change.operation.tables().is_empty());
    let line =
        part.changes.iter().find(|change| matches!(change.operation, Operation::Sql { .. })).map_or(0, |change| change.line);
    let here = part.called(names).ok_or(HereFault::Sql(line))?;
    Ok((changes_tables && !names.is_empty()).then_some(here))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{ChannelSink, ChannelSource};

    const STRUCTURE: &str = r#"format = 1
structure = "sample"
version = 1
title = "t"
elements = ["Message", "Message/YWH"]

[[table]]
name = "zd"
key = ["dm"]
columns = [{ name = "dm", type = "text(28)", null = false }, { name = "yt", type = "text(100)" }]

[[table]]
name = "fw"
key = ["dm"]
columns = [{ name = "dm", type = "text(28)", null = false }, { name = "cs", type = "text(9)" }]
"#;

    fn document(changes: &str) -> Document {
        let head =
            "format = 1\nstructure = \"sample\"\nfrom = 1\nto = 2\ntitle = \"t\"\nbasis = \"b\"\nfirst_day = \"2021-08-30\"\n";
        Document::read(format!("{head}{changes}").as_bytes()).unwrap()
    }

    fn widen(table: &str, column: &str) -> String {
        format!("\n[[change]]\nop = \"widen\"\ntable = \"{table}\"\ncolumn = \"{column}\"\nto = \"text(4000)\"\n")
    }

    fn channel(name: &str, from: &str, ends: &str) -> Channel {
        toml::from_str(&format!("channel = \"{name}\"\ntitle = \"t\"\nfrom = \"{from}\"\nstructure = \"sample\"\n{ends}"))
            .unwrap()
    }

    fn tables(name: &str, from: &str, source: &str, sink: &str, tables: &str) -> Channel {
        let ends = format!("[source]\ndatabase = \"{source}\"\ntables = [{tables}]\n[sink]\ndatabase = \"{sink}\"\n");
        channel(name, from, &ends)
    }

    fn here(channels: &[Channel], side: Side, changes: &str) -> Result<Here, HereFault> {
        Here::of((channels, &ByHand::new()), side, Structure::read(STRUCTURE.as_bytes()).unwrap(), &document(changes))
    }

    fn names(channels: &[ChannelName]) -> Vec<String> {
        channels.iter().map(ChannelName::to_string).collect()
    }

    #[test]
    fn each_database_is_changed_in_its_own_tables_alone_and_every_channel_that_has_one_is_concerned() {
        let channels = [
            tables("parcels", "outer", "postgres://a/one", "sqlite:two.db", "\"bdc.zd\""),
            tables("houses", "outer", "postgres://a/one", "mysql://b/three", "\"fw\""),
            tables("back", "inner", "sqlite:two.db", "postgres://a/one", "\"zd\""),
        ];
        let both = widen("zd", "yt") + &widen("fw", "cs");
        let outer = here(&channels, Side::Outer, &both).unwrap();
        assert_eq!(
            (names(&outer.leaving), names(&outer.coming)),
            (vec!["houses".into(), "parcels".into()], vec!["back".into()])
        );
        let steps = |here: &Here| -> Vec<(Direction, usize)> {
            here.databases.iter().map(|changed| (changed.direction, changed.plan.steps.len())).collect()
        };
        assert_eq!(steps(&outer), [(Direction::Out, 2), (Direction::In, 1)]);
        assert!(outer.databases[0].plan.script().contains("\"bdc\".\"zd\""));
        let inner = here(&channels, Side::Inner, &both).unwrap();
        assert_eq!(steps(&inner), [(Direction::Out, 1), (Direction::In, 1), (Direction::In, 1)]);
        assert_ne!(inner.digest(), outer.digest());
        assert_eq!(outer.digest(), here(&channels, Side::Outer, &both).unwrap().digest());
        let one = here(&channels, Side::Outer, &widen("fw", "cs")).unwrap();
        assert_eq!(
            (names(&one.leaving), names(&one.coming), steps(&one)),
            (vec!["houses".into()], vec![], vec![(Direction::Out, 1)])
        );
        assert_ne!(one.digest(), outer.digest());
    }

    #[test]
    fn what_cannot_be_one_transaction_and_what_nobody_here_can_do_is_refused() {
        let two = [
            tables("parcels", "outer", "postgres://a/one", "sqlite:x", "\"zd\""),
            tables("houses", "outer", "postgres://a/two", "sqlite:x", "\"fw\""),
        ];
        let both = widen("zd", "yt") + &widen("fw", "cs");
        assert_eq!(here(&two, Side::Outer, &both).unwrap_err(), HereFault::TwoSources);
        assert!(here(&two, Side::Inner, &both).is_ok());
        assert_eq!(here(&[], Side::Outer, &both).unwrap_err(), HereFault::NoChannel("sample".into()));
        let (book, believed) = (Vec::new(), Believed::default());
        let at = Standpoint {
            channels: &two[..1],
            side: Side::Outer,
            description: STRUCTURE.as_bytes(),
            book: &book,
            believed: &believed,
            by_hand: &ByHand::new(),
        };
        assert!(Here::of_proposal(&at, &document(&widen("zd", "yt"))).is_ok());
        let later = Document { from: 2, to: 3, ..document(&widen("zd", "yt")) };
        let refused = Here::of_proposal(&at, &later).unwrap_err();
        assert_eq!(refused, HereFault::NotAt { structure: "sample".into(), from: 2 }, "the version before is not made");
        let script = [tables("parcels", "outer", "postgres://a/one", "table-file:scripts", "\"zd\"")];
        assert!(matches!(here(&script, Side::Inner, &widen("zd", "yt")).unwrap_err(), HereFault::NoDriver(_)));
        let told = ByHand::from([("table-file:scripts".to_owned(), Dialect::Dm)]);
        let before = Structure::read(STRUCTURE.as_bytes()).unwrap();
        let here_by_hand = Here::of((&script, &told), Side::Inner, before, &document(&widen("zd", "yt"))).unwrap();
        assert!(here_by_hand.databases[0].is_by_hand() && here_by_hand.databases[0].plan.dialect == Dialect::Dm);
        let sql = "\n[[change]]\nop = \"sql\"\nabout = \"x\"\ntouches = [\"zd\", \"fw\"]\npostgres = { forward = \"DROP INDEX i\", check = \"SELECT 1\", expect = \"1\", rollback = \"DROP INDEX j\" }\n";
        assert_eq!(here(&two[..1], Side::Outer, sql).unwrap_err(), HereFault::Sql(9));
        assert!(matches!(here(&two, Side::Outer, &widen("zd", "none")).unwrap_err(), HereFault::Unfit(_)));
    }

    #[test]
    fn a_renamed_element_concerns_channels_of_messages_and_no_database() {
        let files = "[source]\nfolder = \"drop\"\n[sink]\nfolder = \"arrived\"\n";
        let channels = [channel("messages", "outer", files), tables("parcels", "outer", "sqlite:a", "sqlite:b", "\"zd\"")];
        let renamed =
            here(&channels, Side::Outer, "\n[[change]]\nop = \"rename-element\"\nelement = \"Message/YWH\"\nto = \"SSYWH\"\n");
        let renamed = renamed.unwrap();
        assert_eq!((names(&renamed.leaving), renamed.databases.len()), (vec!["messages".into()], 0));
        assert!(matches!((&channels[0].source, &channels[0].sink), (ChannelSource::Folder(_), ChannelSink::Folder(_))));
    }
}
