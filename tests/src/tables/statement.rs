//! Random statements of an application, as each database writes them.

use dukou_rehearsal::random::Random;

use super::land::{bytes, date, decimal, float, moment, quoted, text};
use super::session::Dialect;

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

    fn parcel_values(&mut self) -> String {
        let dice = &mut *self.dice;
        let (number, name, day, moment) = (decimal(dice), text(dice), date(dice), moment(dice));
        let (bytes, float) = (bytes(self.dialect, dice), float(dice));
        let number = self.typed(&number, "numeric");
        let (day, moment) = (self.typed(&day, "date"), self.typed(&moment, "timestamp"));
        let (bytes, float) = (self.typed(&bytes, "bytea"), self.typed(&float, "float8"));
        format!("{number}, {name}, {day}, {moment}, {bytes}, {float}, 1")
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
            63..=67 => ("update without change", vec![format!("UPDATE zd SET cs = cs, zl = zl WHERE dm = {}", self.parcel())]),
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
        let fill = match self.dialect {
            Dialect::Postgres => {
                format!(
                    "INSERT INTO qlr SELECT n, bm, xh, 'many' || n, NULL, NULL FROM generate_series({from}, {to}) AS n, (SELECT bm, xh FROM h ORDER BY bm, xh LIMIT 1) AS u"
                )
            }
            Dialect::Mariadb => {
                format!(
                    "INSERT INTO qlr SELECT n.seq, u.bm, u.xh, CONCAT('many', n.seq), NULL, NULL FROM seq_{from}_to_{to} AS n, (SELECT bm, xh FROM h ORDER BY bm, xh LIMIT 1) AS u"
                )
            }
            Dialect::Sqlite => format!(
                "WITH RECURSIVE n(seq) AS (SELECT {from} UNION ALL SELECT seq + 1 FROM n WHERE seq < {to}) INSERT INTO qlr SELECT n.seq, u.bm, u.xh, 'many' || n.seq, NULL, NULL FROM n, (SELECT bm, xh FROM h ORDER BY bm, xh LIMIT 1) AS u"
            ),
        };
        let clear = format!("DELETE FROM qlr WHERE id BETWEEN {from} AND {to}");
        let mut statements = vec![clear, fill];
        if self.dice.chance(0.5) {
            statements
                .push(format!("UPDATE qlr SET mc = 'again', id = id + 500 WHERE id BETWEEN {from} AND {}", from + MANY / 2));
            statements.push(format!("DELETE FROM qlr WHERE id BETWEEN {} AND {}", from + 500, to + 500));
        }
        Deed { name: "big", statements }
    }

    fn insert_parcel(&mut self) -> String {
        let (key, values) = (self.parcel(), self.parcel_values());
        let none = format!("NOT EXISTS (SELECT 1 FROM (SELECT dm FROM zd) AS z WHERE dm = {key})");
        format!("INSERT INTO zd SELECT {key}, {values} FROM (SELECT 1 AS one) AS d WHERE {none}")
    }

    fn write_parcel_over(&mut self) -> String {
        let (key, values) = (self.parcel(), self.parcel_values());
        let row = format!("INTO zd (dm, mj, zl, rq, sj, tu, bz, cs) VALUES ({key}, {values})");
        let over = |to: &str| format!("INSERT {row} {to}");
        match self.dialect {
            Dialect::Postgres => {
                over("ON CONFLICT (dm) DO UPDATE SET mj = EXCLUDED.mj, zl = EXCLUDED.zl, tu = EXCLUDED.tu, cs = zd.cs + 1")
            }
            Dialect::Mariadb if self.dice.chance(0.5) => format!("REPLACE {row}"),
            Dialect::Mariadb => over("ON DUPLICATE KEY UPDATE mj = VALUES(mj), zl = VALUES(zl), tu = VALUES(tu), cs = cs + 1"),
            Dialect::Sqlite => {
                over("ON CONFLICT (dm) DO UPDATE SET mj = excluded.mj, zl = excluded.zl, tu = excluded.tu, cs = cs + 1")
            }
        }
    }

    fn insert_unit(&mut self) -> String {
        let (bm, xh, key) = (self.dice.below(UNITS), self.dice.between(1, 4), self.parcel());
        let (number, name, day) = (decimal(self.dice), text(self.dice), date(self.dice));
        let (number, day) = (self.typed(&number, "numeric"), self.typed(&day, "date"));
        format!(
            "INSERT INTO h SELECT 'F{bm:03}', {xh}, dm, {number}, {name}, {day}, 1 FROM zd WHERE dm = {key} AND NOT EXISTS (SELECT 1 FROM (SELECT bm, xh FROM h) AS o WHERE o.bm = 'F{bm:03}' AND o.xh = {xh})"
        )
    }

    fn insert_holder(&mut self) -> String {
        let (id, unit, name) = (self.holder(), self.unit(), text(self.dice));
        let (bytes, moment) = (bytes(self.dialect, self.dice), moment(self.dice));
        let (bytes, moment) = (self.typed(&bytes, "bytea"), self.typed(&moment, "timestamp"));
        if self.dice.chance(0.15) {
            // A child that has no parent, and needs none.
            let free = format!("NOT EXISTS (SELECT 1 FROM (SELECT id FROM qlr) AS o WHERE o.id = {id})");
            return format!(
                "INSERT INTO qlr SELECT {id}, NULL, NULL, {name}, {bytes}, {moment} FROM (SELECT 1 AS one) AS d WHERE {free}"
            );
        }
        format!(
            "INSERT INTO qlr SELECT {id}, bm, xh, {name}, {bytes}, {moment} FROM h WHERE {unit} AND NOT EXISTS (SELECT 1 FROM (SELECT id FROM qlr) AS o WHERE o.id = {id})"
        )
    }

    fn update(&mut self) -> String {
        match self.dice.below(3) {
            0 => {
                let (number, name, key) = (decimal(self.dice), text(self.dice), self.parcel());
                format!(
                    "UPDATE zd SET mj = {number}, zl = {name}, tu = {}, cs = cs + 1 WHERE dm = {key}",
                    bytes(self.dialect, self.dice)
                )
            }
            1 => {
                let (name, unit) = (text(self.dice), self.unit());
                format!("UPDATE h SET yt = {name}, cs = cs + 1 WHERE {unit}")
            }
            _ => {
                let (name, id) = (text(self.dice), self.holder());
                format!("UPDATE qlr SET mc = {name}, zj = {} WHERE id = {id}", bytes(self.dialect, self.dice))
            }
        }
    }

    /// Rows of many keys in one statement, in one order or the other.
    fn update_many(&mut self) -> String {
        let (name, key) = (text(self.dice), self.parcel());
        match self.dice.below(4) {
            0 => format!("UPDATE h SET yt = {name}, cs = cs + 1 WHERE zd = {key}"),
            1 if self.dialect == Dialect::Mariadb => "UPDATE h SET cs = cs + 1 ORDER BY bm DESC LIMIT 20".to_owned(),
            1 => "UPDATE h SET cs = cs + 1 WHERE xh = 2".to_owned(),
            2 => format!("UPDATE qlr SET mc = {name} WHERE id BETWEEN {0} AND {0} + 30", self.dice.below(HOLDERS)),
            _ => "UPDATE zd SET cs = cs + 1 WHERE mj > 100".to_owned(),
        }
    }

    fn new_key_of_holder(&mut self) -> String {
        let (from, to) = (self.holder(), self.holder());
        format!(
            "UPDATE qlr SET id = {to}, mc = 'moved' WHERE id = {from} AND NOT EXISTS (SELECT 1 FROM (SELECT id FROM qlr) AS o WHERE o.id = {to})"
        )
    }

    fn new_key_of_unit(&mut self) -> String {
        let (unit, to) = (self.unit(), self.dice.between(1, 9));
        let alone = "NOT EXISTS (SELECT 1 FROM qlr WHERE h_bm = bm AND h_xh = xh)";
        let free = format!("NOT EXISTS (SELECT 1 FROM (SELECT bm AS b, xh AS x FROM h) AS o WHERE o.b = bm AND o.x = {to})");
        format!("UPDATE h SET xh = {to} WHERE {unit} AND {alone} AND {free}")
    }

    fn parcel_to_another_key(&mut self) -> Vec<String> {
        let (from, to) = (self.parcel(), self.parcel());
        if self.dialect != Dialect::Mariadb {
            let free = format!("NOT EXISTS (SELECT 1 FROM (SELECT dm FROM zd) AS z WHERE z.dm = {to})");
            return vec![format!("UPDATE zd SET dm = {to}, cs = cs + 1 WHERE dm = {from} AND {free}")];
        }
        let free = format!("NOT EXISTS (SELECT 1 FROM (SELECT dm FROM zd) AS z WHERE z.dm = {to})");
        vec![
            format!("INSERT INTO zd SELECT {to}, mj, zl, rq, sj, tu, bz, cs + 1 FROM zd WHERE dm = {from} AND {free}"),
            format!("UPDATE h SET zd = {to} WHERE zd = {from} AND EXISTS (SELECT 1 FROM zd WHERE dm = {to})"),
            format!("DELETE FROM zd WHERE dm = {from} AND NOT EXISTS (SELECT 1 FROM h WHERE zd = {from})"),
        ]
    }

    fn move_unit(&mut self) -> String {
        let (unit, to) = (self.unit(), self.parcel());
        format!("UPDATE h SET zd = {to} WHERE {unit} AND EXISTS (SELECT 1 FROM zd WHERE dm = {to})")
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
        if self.dialect != Dialect::Mariadb && self.dice.chance(0.5) {
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
