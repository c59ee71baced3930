//! Random statements of an application, as each database writes them.

use dukou_rehearsal::random::Random;

use super::land::{bytes, date, decimal, float, moment, quoted, text};
use super::session::Dialect;
use super::structure::Version;

/// How many parcels there can be.
const PARCELS: u64 = 24;
/// How many units there can be, each with three parts.
const UNITS: u64 = 40;
/// How many holders there can be that are written one by one.
const HOLDERS: u64 = 400;
/// From which number on holders are written many at once.
const MANY_FROM: u64 = 10_000;
/// How many of those, more than a packet takes.
const MANY: u64 = 90;

/// What an application does at once, with what it is called in the counts.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) name: &'static str,
    pub(super) statements: Vec<String>,
}

/// What statements are made of.
pub(super) struct Maker<'a> {
    pub(super) dialect: Dialect,
    pub(super) dice: &'a mut Random,
    /// Which writer this is: each writes many holders in a range of its own.
    pub(super) writer: u64,
    /// For which version of the tables' structure it writes.
    pub(super) version: Version,
    /// Whether columns that the first change added stay empty.
    pub(super) is_restrained: bool,
}

/// A column and its value.
type Set = (&'static str, String);

fn listed(sets: &[Set]) -> [String; 2] {
    let join = |parts: Vec<&str>| parts.join(", ");
    [join(sets.iter().map(|(name, _)| *name).collect()), join(sets.iter().map(|(_, value)| value.as_str()).collect())]
}

fn parcel(number: u64) -> String {
    match number % 6 {
        0 => format!("𬭚地{number}"),
        1 => format!("37 '{number}' "),
        2 => format!("gb{number}"),
        3 => format!("GB{}", number - 1),
        _ => format!("370102001001GB{number:05}"),
    }
}

impl Maker<'_> {
    fn parcel(&mut self) -> String {
        quoted(&parcel(self.dice.below(PARCELS)))
    }

    fn unit(&mut self) -> String {
        format!("(bm = 'F{:03}' AND xh = {})", self.dice.below(UNITS), self.dice.between(1, 4))
    }

    fn holder(&mut self) -> u64 {
        self.dice.below(HOLDERS)
    }

    /// PostgreSQL takes a bare literal of a SELECT for text.
    fn typed(&self, value: &str, name: &str) -> String {
        if self.dialect == Dialect::Postgres { format!("({value})::{name}") } else { value.to_owned() }
    }

    /// The database carries what is done to a parent on to its children.
    fn cascades(&self) -> bool {
        match self.dialect {
            Dialect::Postgres => true,
            Dialect::Mariadb => false,
            // A table of a structure that is made anew would lose what it does by itself.
            Dialect::Sqlite => !self.version.is_structured(),
        }
    }

    /// What an update of a table sets beside what it is for: the version under which it is written.
    fn tag(&self, table: &str) -> String {
        self.version.of(table).map_or_else(String::new, |version| format!(", bj = {version}"))
    }

    /// What the first change added, filled now and then.
    fn added(&mut self, name: &'static str) -> Option<Set> {
        let fills = self.version >= Version(2) && !self.is_restrained && self.dice.chance(0.5);
        fills.then(|| (name, quoted(&format!("新{}", self.dice.below(1000)))))
    }

    /// A parcel's place; longer ones once they fit.
    fn place(&mut self) -> String {
        if self.version >= Version(3) && self.dice.chance(0.2) {
            return quoted(&"宽".repeat(self.dice.between(401, 700) as usize));
        }
        text(self.dice)
    }

    /// A unit's area: a number, and text from the version on in which it is one.
    fn area(&mut self) -> String {
        let number = decimal(self.dice);
        match self.version >= Version(3) {
            false => self.typed(&number, "numeric"),
            true if number == "NULL" => number,
            true => quoted(&format!("{number}㎡")),
        }
    }

    fn name_of_holder(&self) -> &'static str {
        if self.version >= Version(4) { "qlrmc" } else { "mc" }
    }

    fn parcel_sets(&mut self) -> Vec<Set> {
        let (number, name) = (decimal(self.dice), self.place());
        let (day, moment) = (date(self.dice), moment(self.dice));
        let (bytes, float) = (bytes(self.dialect, self.dice), float(self.dice));
        let mut sets = vec![("mj", self.typed(&number, "numeric")), ("zl", name), ("rq", self.typed(&day, "date"))];
        sets.extend([("sj", self.typed(&moment, "timestamp")), ("tu", self.typed(&bytes, "bytea"))]);
        if self.version < Version(4) {
            sets.push(("bz", self.typed(&float, "float8")));
        }
        sets.push(("cs", "1".to_owned()));
        sets.extend(self.added("dyh"));
        self.tagged("zd", sets)
    }

    fn tagged(&self, table: &str, mut sets: Vec<Set>) -> Vec<Set> {
        sets.extend(self.version.of(table).map(|version| ("bj", version.to_string())));
        sets
    }

    /// Draws what is done next.
    pub(super) fn deed(&mut self) -> Deed {
        let (name, statements) = match self.dice.below(100) {
            0..=11 => ("insert parent", vec![self.insert_parcel()]),
            12..=17 => ("write parent over", vec![self.write_parcel_over()]),
            18..=29 => ("insert child", vec![self.insert_unit()]),
            30..=47 => ("insert grandchild", vec![self.insert_holder()]),
            48..=57 => ("update", vec![self.update()]),
            58..=62 => ("update many", vec![self.update_many()]),
            63..=67 => ("update without change", vec![self.update_nothing()]),
            68..=72 => ("update of a key", vec![self.new_key_of_holder()]),
            73..=76 => ("update of a child's key", vec![self.new_key_of_unit()]),
            77..=79 => ("parent to another key", self.parcel_to_another_key()),
            80..=85 => ("move", vec![self.move_unit()]),
            86..=91 => ("delete grandchild", vec![self.delete_holders()]),
            92..=95 => ("delete child with its own", self.delete_unit()),
            _ => ("delete parent with all", self.delete_parcel()),
        };
        Deed { name, statements }
    }

    /// Draws something that fills more than a packet.
    pub(super) fn big(&mut self) -> Deed {
        let from = MANY_FROM + self.writer * 1000;
        let to = from + MANY;
        let (mc, tag) = (self.name_of_holder(), self.tag("qlr"));
        let [names, values] = listed(&self.tagged("qlr", Vec::new()));
        let further = |list: &str| if list.is_empty() { String::new() } else { format!(", {list}") };
        let into = format!("INSERT INTO qlr (id, h_bm, h_xh, {mc}{})", further(&names));
        let of_unit = format!("{} FROM (SELECT bm, xh FROM h ORDER BY bm, xh LIMIT 1) AS u", further(&values));
        let fill = match self.dialect {
            Dialect::Postgres => {
                format!("{into} SELECT n, bm, xh, 'many' || n{of_unit}, generate_series({from}, {to}) AS n")
            }
            Dialect::Mariadb => {
                format!("{into} SELECT n.seq, u.bm, u.xh, CONCAT('many', n.seq){of_unit}, seq_{from}_to_{to} AS n")
            }
            Dialect::Sqlite => format!(
                "WITH RECURSIVE n(seq) AS (SELECT {from} UNION ALL SELECT seq + 1 FROM n WHERE seq < {to}) {into} SELECT n.seq, u.bm, u.xh, 'many' || n.seq{of_unit}, n"
            ),
        };
        let clear = format!("DELETE FROM qlr WHERE id BETWEEN {from} AND {to}");
        let mut statements = vec![clear, fill];
        if self.dice.chance(0.5) {
            statements.push(format!(
                "UPDATE qlr SET {mc} = 'again', id = id + 500{tag} WHERE id BETWEEN {from} AND {}",
                from + MANY / 2
            ));
            statements.push(format!("DELETE FROM qlr WHERE id BETWEEN {} AND {}", from + 500, to + 500));
        }
        Deed { name: "big", statements }
    }

    fn insert_parcel(&mut self) -> String {
        let (key, [names, values]) = (self.parcel(), listed(&self.parcel_sets()));
        let none = format!("NOT EXISTS (SELECT 1 FROM (SELECT dm FROM zd) AS z WHERE dm = {key})");
        format!("INSERT INTO zd (dm, {names}) SELECT {key}, {values} FROM (SELECT 1 AS one) AS d WHERE {none}")
    }

    fn write_parcel_over(&mut self) -> String {
        let (key, sets) = (self.parcel(), self.parcel_sets());
        let [names, values] = listed(&sets);
        let row = format!("INTO zd (dm, {names}) VALUES ({key}, {values})");
        // What is not set anew stays.
        let over: Vec<&str> =
            sets.iter().map(|(name, _)| *name).filter(|name| !["rq", "sj", "bz", "cs"].contains(name)).collect();
        let all = |value: &dyn Fn(&str) -> String| {
            over.iter().map(|name| format!("{name} = {}", value(name))).collect::<Vec<_>>().join(", ")
        };
        let conflict = |from: &str, cs: &str| {
            format!("INSERT {row} ON CONFLICT (dm) DO UPDATE SET {}, cs = {cs} + 1", all(&|name| format!("{from}.{name}")))
        };
        match self.dialect {
            Dialect::Postgres => conflict("EXCLUDED", "zd.cs"),
            Dialect::Mariadb if self.dice.chance(0.5) => format!("REPLACE {row}"),
            Dialect::Mariadb => {
                format!("INSERT {row} ON DUPLICATE KEY UPDATE {}, cs = cs + 1", all(&|name| format!("VALUES({name})")))
            }
            Dialect::Sqlite => conflict("excluded", "cs"),
        }
    }

    fn update_nothing(&mut self) -> String {
        format!("UPDATE zd SET cs = cs, zl = zl{} WHERE dm = {}", self.tag("zd"), self.parcel())
    }

    fn insert_unit(&mut self) -> String {
        let (bm, xh, key) = (self.dice.below(UNITS), self.dice.between(1, 4), self.parcel());
        let (area, name, day) = (self.area(), text(self.dice), date(self.dice));
        let sets = vec![("mj", area), ("yt", name), ("rq", self.typed(&day, "date")), ("cs", "1".to_owned())];
        let [names, values] = listed(&self.tagged("h", sets));
        format!(
            "INSERT INTO h (bm, xh, zd, {names}) SELECT 'F{bm:03}', {xh}, dm, {values} FROM zd WHERE dm = {key} AND NOT EXISTS (SELECT 1 FROM (SELECT bm, xh FROM h) AS o WHERE o.bm = 'F{bm:03}' AND o.xh = {xh})"
        )
    }

    fn insert_holder(&mut self) -> String {
        let (id, unit, name) = (self.holder(), self.unit(), text(self.dice));
        let (bytes, moment) = (bytes(self.dialect, self.dice), moment(self.dice));
        let (bytes, moment) = (self.typed(&bytes, "bytea"), self.typed(&moment, "timestamp"));
        let mut sets = vec![(self.name_of_holder(), name), ("zj", bytes), ("sj", moment)];
        sets.extend(self.added("zjh"));
        let [names, values] = listed(&self.tagged("qlr", sets));
        let into = format!("INSERT INTO qlr (id, h_bm, h_xh, {names})");
        let free = format!("NOT EXISTS (SELECT 1 FROM (SELECT id FROM qlr) AS o WHERE o.id = {id})");
        if self.dice.chance(0.15) {
            // A child that has no parent, and needs none.
            let (bm, xh) = (self.typed("NULL", "varchar"), self.typed("NULL", "integer"));
            return format!("{into} SELECT {id}, {bm}, {xh}, {values} FROM (SELECT 1 AS one) AS d WHERE {free}");
        }
        format!("{into} SELECT {id}, bm, xh, {values} FROM h WHERE {unit} AND {free}")
    }

    fn update(&mut self) -> String {
        match self.dice.below(3) {
            0 => {
                let (number, name, key) = (decimal(self.dice), self.place(), self.parcel());
                let added = self.added("dyh").map_or_else(String::new, |(name, value)| format!(", {name} = {value}"));
                format!(
                    "UPDATE zd SET mj = {number}, zl = {name}, tu = {}, cs = cs + 1{added}{} WHERE dm = {key}",
                    bytes(self.dialect, self.dice),
                    self.tag("zd")
                )
            }
            1 => {
                let (name, unit) = (text(self.dice), self.unit());
                format!("UPDATE h SET yt = {name}, cs = cs + 1{} WHERE {unit}", self.tag("h"))
            }
            _ => {
                let (name, id, mc) = (text(self.dice), self.holder(), self.name_of_holder());
                let added = self.added("zjh").map_or_else(String::new, |(name, value)| format!(", {name} = {value}"));
                format!(
                    "UPDATE qlr SET {mc} = {name}, zj = {}{added}{} WHERE id = {id}",
                    bytes(self.dialect, self.dice),
                    self.tag("qlr")
                )
            }
        }
    }

    /// Rows of many keys in one statement, in one order or the other.
    fn update_many(&mut self) -> String {
        let (name, key) = (text(self.dice), self.parcel());
        let (of_unit, mc) = (self.tag("h"), self.name_of_holder());
        match self.dice.below(4) {
            0 => format!("UPDATE h SET yt = {name}, cs = cs + 1{of_unit} WHERE zd = {key}"),
            1 if self.dialect == Dialect::Mariadb => {
                format!("UPDATE h SET cs = cs + 1{of_unit} ORDER BY bm DESC LIMIT 20")
            }
            1 => format!("UPDATE h SET cs = cs + 1{of_unit} WHERE xh = 2"),
            2 => {
                let (tag, from) = (self.tag("qlr"), self.dice.below(HOLDERS));
                format!("UPDATE qlr SET {mc} = {name}{tag} WHERE id BETWEEN {from} AND {from} + 30")
            }
            _ => format!("UPDATE zd SET cs = cs + 1{} WHERE mj > 100", self.tag("zd")),
        }
    }

    fn new_key_of_holder(&mut self) -> String {
        let (from, to) = (self.holder(), self.holder());
        format!(
            "UPDATE qlr SET id = {to}, {} = 'moved'{} WHERE id = {from} AND NOT EXISTS (SELECT 1 FROM (SELECT id FROM qlr) AS o WHERE o.id = {to})",
            self.name_of_holder(),
            self.tag("qlr")
        )
    }

    fn new_key_of_unit(&mut self) -> String {
        let (unit, to) = (self.unit(), self.dice.between(1, 9));
        let alone = "NOT EXISTS (SELECT 1 FROM qlr WHERE h_bm = bm AND h_xh = xh)";
        let free = format!("NOT EXISTS (SELECT 1 FROM (SELECT bm AS b, xh AS x FROM h) AS o WHERE o.b = bm AND o.x = {to})");
        format!("UPDATE h SET xh = {to}{} WHERE {unit} AND {alone} AND {free}", self.tag("h"))
    }

    fn parcel_to_another_key(&mut self) -> Vec<String> {
        let (from, to) = (self.parcel(), self.parcel());
        let free = format!("NOT EXISTS (SELECT 1 FROM (SELECT dm FROM zd) AS z WHERE z.dm = {to})");
        if self.cascades() {
            return vec![format!("UPDATE zd SET dm = {to}, cs = cs + 1{} WHERE dm = {from} AND {free}", self.tag("zd"))];
        }
        let mut kept = vec!["mj", "zl", "rq", "sj", "tu"];
        kept.extend((self.version < Version(4)).then_some("bz"));
        kept.extend((self.version >= Version(2)).then_some("dyh"));
        let kept = kept.join(", ");
        let [tag, value] = listed(&self.tagged("zd", vec![("cs", "cs + 1".to_owned())]));
        vec![
            format!("INSERT INTO zd (dm, {kept}, {tag}) SELECT {to}, {kept}, {value} FROM zd WHERE dm = {from} AND {free}"),
            format!("UPDATE h SET zd = {to}{} WHERE zd = {from} AND EXISTS (SELECT 1 FROM zd WHERE dm = {to})", self.tag("h")),
            format!("DELETE FROM zd WHERE dm = {from} AND NOT EXISTS (SELECT 1 FROM h WHERE zd = {from})"),
        ]
    }

    fn move_unit(&mut self) -> String {
        let (unit, to) = (self.unit(), self.parcel());
        format!("UPDATE h SET zd = {to}{} WHERE {unit} AND EXISTS (SELECT 1 FROM zd WHERE dm = {to})", self.tag("h"))
    }

    fn delete_holders(&mut self) -> String {
        format!("DELETE FROM qlr WHERE id BETWEEN {0} AND {0} + {1}", self.dice.below(HOLDERS), self.dice.below(12))
    }

    fn delete_unit(&mut self) -> Vec<String> {
        let unit = self.unit();
        let of_unit = unit.replace("bm", "h_bm").replace("xh", "h_xh");
        vec![format!("DELETE FROM qlr WHERE {of_unit}"), format!("DELETE FROM h WHERE {unit}")]
    }

    fn delete_parcel(&mut self) -> Vec<String> {
        let key = self.parcel();
        let last = format!("DELETE FROM zd WHERE dm = {key}");
        if self.cascades() && self.dice.chance(0.5) {
            // The database takes what hangs on it.
            return vec![last];
        }
        vec![
            format!("DELETE FROM qlr WHERE EXISTS (SELECT 1 FROM h WHERE h.bm = h_bm AND h.xh = h_xh AND h.zd = {key})"),
            format!("DELETE FROM h WHERE zd = {key}"),
            last,
        ]
    }
}
