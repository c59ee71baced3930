//! What PostgreSQL itself has for moving rows.

use std::path::Path;
use std::rc::Rc;

use anyhow::Result;

use super::servers::{RUN, Servers, pipe};
use crate::bench::measure::{Contender, Durability};

/// How a peer moves the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `COPY` out of one psql into another.
    Copy,
    /// The same in PostgreSQL's binary form.
    CopyBinary,
    /// `COPY` into a staging table, then one merge over rows that are there.
    CopyMerge,
    /// A subscription's initial copy.
    ReplicatedStock,
    /// A subscription that catches up with transactions of a thousand rows.
    ReplicatedIncrements,
}

/// A peer's row.
pub(super) struct Peer {
    name: &'static str,
    way: Way,
    servers: Rc<Servers>,
}

impl Peer {
    /// Makes the row.
    pub(super) fn new(name: &'static str, way: Way, servers: &Rc<Servers>) -> Self {
        Peer { name, way, servers: Rc::clone(servers) }
    }

    fn copy(&self, options: &str, into: &str) -> Result<()> {
        let mut from = self.servers.source.client(RUN);
        from.args(["-c", &format!("COPY h TO STDOUT {options}")]);
        let mut to = self.servers.sink.client(RUN);
        to.args(["-1", "-c", into]);
        pipe(from, to)
    }

    /// What the source writes from now on waits for the subscription.
    fn make_slot(&self) {
        self.servers.source.psql_in(RUN, "SELECT pg_create_logical_replication_slot('peer', 'pgoutput')");
    }

    fn subscribe(&self, copies: bool) {
        let socket = self.servers.source.socket_dir().display();
        let make = format!(
            "CREATE SUBSCRIPTION peer CONNECTION 'host={socket} dbname={RUN} user=postgres' PUBLICATION peer \
             WITH (create_slot = false, slot_name = 'peer', copy_data = {copies})"
        );
        self.servers.sink.psql_in(RUN, &make);
    }
}

impl Contender for Peer {
    fn name(&self) -> &str {
        self.name
    }

    fn durability(&self) -> Durability {
        Durability::Group
    }

    fn server_ticks(&self) -> u64 {
        self.servers.ticks()
    }

    fn prepare(&mut self, _: &Path) -> Result<()> {
        self.servers.prepare(self.way != Way::ReplicatedIncrements, self.way == Way::CopyMerge);
        self.servers.source.psql_in(RUN, "CREATE PUBLICATION peer FOR TABLE h");
        if self.way == Way::ReplicatedIncrements {
            self.make_slot();
            self.servers.insert_all();
        }
        Ok(())
    }

    fn go(&mut self, _: &Path) -> Result<()> {
        match self.way {
            Way::Copy => self.copy("", "COPY h FROM STDIN"),
            Way::CopyBinary => self.copy("(FORMAT binary)", "COPY h FROM STDIN (FORMAT binary)"),
            Way::CopyMerge => {
                let sets: Vec<String> = COLUMNS.iter().map(|column| format!("{column} = excluded.{column}")).collect();
                self.servers.sink.psql_in(RUN, "CREATE UNLOGGED TABLE staging (LIKE h)");
                self.copy("", "COPY staging FROM STDIN")?;
                let merge = format!("INSERT INTO h SELECT * FROM staging ON CONFLICT (bsm) DO UPDATE SET {}", sets.join(", "));
                self.servers.sink.psql_in(RUN, &merge);
                Ok(())
            }
            Way::ReplicatedStock => {
                self.make_slot();
                self.subscribe(true);
                self.servers.wait(|| Ok(()))
            }
            Way::ReplicatedIncrements => {
                self.subscribe(false);
                self.servers.wait(|| Ok(()))
            }
        }
    }

    fn finish(&mut self, _: &Path) -> Result<()> {
        if matches!(self.way, Way::ReplicatedStock | Way::ReplicatedIncrements) {
            self.servers.sink.psql_in(RUN, "ALTER SUBSCRIPTION peer DISABLE");
            self.servers.sink.psql_in(RUN, "ALTER SUBSCRIPTION peer SET (slot_name = NONE)");
            self.servers.sink.psql_in(RUN, "DROP SUBSCRIPTION peer");
            self.servers.release_slot("peer")?;
        }
        Ok(())
    }

    fn check(&mut self, _: &Path) -> Result<Option<u64>> {
        self.servers.check().map(|()| None)
    }
}

/// The columns beside the key.
const COLUMNS: [&str; 11] = ["bdcdyh", "fwbm", "zl", "qlr", "zjh", "jzmj", "tnjzmj", "fwyt", "djsj", "zt", "fj"];
