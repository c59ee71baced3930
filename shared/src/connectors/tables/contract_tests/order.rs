//! What a source owes: everything that was committed, nothing else, in an order in which it can be applied.

use super::*;

/// Reads everything.
fn all(source: &mut dyn TableSource) -> Vec<Offered> {
    source.read(&BTreeSet::new(), ALL).expect("the source reads")
}

pub(in super::super) fn changes_are_read_in_order_and_only_their_deletion_takes_them_out(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    let mut app = bench.session(End::Source);
    app.run(&format!("INSERT INTO {} VALUES ('a', 1)", tables[0]));
    app.run(&format!("INSERT INTO {} VALUES (1, 'a', 'x')", tables[1]));
    app.run(&format!("UPDATE {} SET bz = 'y' WHERE id = 1", tables[1]));
    app.run(&format!("DELETE FROM {} WHERE id = 1", tables[1]));
    let offered = all(&mut *source);
    assert_eq!(told(&offered), ["insert a", "insert 1", "update 1", "delete 1"]);
    assert_eq!(all(&mut *source), offered, "a read changes nothing");
    let changes = changes_of(&offered);
    assert_eq!(changes[1].table, tables[1]);
    assert_eq!(changes[1].row, cells(&[("id", "1"), ("zd", "a"), ("bz", "x")]));
    assert_eq!((&changes[3].row, &changes[3].key), (&Vec::new(), &cells(&[("id", "1")])));
    let sent: BTreeSet<i64> = offered[..2].iter().map(|offered| offered.id).collect();
    assert_eq!(told(&source.read(&sent, ALL).expect("a read")), ["update 1", "delete 1"]);
    for _ in 0..2 {
        source.delete(&ids(&offered[..2])).expect("to delete twice is to delete once");
        assert_eq!(told(&all(&mut *source)), ["update 1", "delete 1"]);
    }
    drop(source);
    let again = bench.source(&tables).read(&BTreeSet::new(), ReadLimits { rows: 1, bytes: 1 }).expect("a read");
    assert!(!again.is_empty() && told(&again)[0] == "update 1", "what is left is there after a restart: {again:?}");
}

pub(in super::super) fn an_entry_that_has_the_id_of_a_deleted_one_stays(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    let mut app = bench.session(End::Source);
    (1..4).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('{n}', 1)", tables[0])));
    let offered = all(&mut *source);
    // A restored database, or an outbox that was made anew, gives ids away again.
    let of_yesterday: Vec<EntryId> =
        ids(&offered).iter().map(|entry| EntryId { at_ms: entry.at_ms - 86_400_000, ..*entry }).collect();
    source.delete(&of_yesterday).expect("nothing is theirs");
    assert_eq!(all(&mut *source), offered);
    source.delete(&[of_yesterday[0], ids(&offered)[1]]).expect("deleted");
    assert_eq!(told(&all(&mut *source)), ["insert 1", "insert 3"]);
    source.delete(&[EntryId { at_ms: 0, ..of_yesterday[2] }]).expect("deleted by its id alone");
    assert_eq!(told(&all(&mut *source)), ["insert 1"]);
}

pub(in super::super) fn what_was_rolled_back_leaves_nothing(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    let mut app = bench.session(End::Source);
    app.run("BEGIN");
    app.run(&format!("INSERT INTO {} VALUES ('a', 1)", tables[0]));
    app.run("ROLLBACK");
    app.run(&format!("INSERT INTO {} VALUES ('b', 1)", tables[0]));
    assert_eq!(told(&all(&mut *source)), ["insert b"]);
}

pub(in super::super) fn a_late_commit_is_read_when_it_is_there_and_holds_up_no_other(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    if !bench.interleaves() {
        return;
    }
    let (mut late, mut prompt) = (bench.session(End::Source), bench.session(End::Source));
    late.run("BEGIN");
    late.run(&format!("INSERT INTO {} VALUES ('late', 1)", tables[0]));
    prompt.run(&format!("INSERT INTO {} VALUES ('prompt', 1)", tables[0]));
    let first = all(&mut *source);
    assert_eq!(told(&first), ["insert prompt"]);
    source.delete(&ids(&first)).expect("deleted");
    late.run("COMMIT");
    let second = all(&mut *source);
    assert_eq!(told(&second), ["insert late"]);
    assert!(second[0].id < first[0].id, "its id is lower, and it is read all the same");
}

pub(in super::super) fn interleaved_transactions_keep_parents_before_children(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    if !bench.interleaves() {
        return;
    }
    let (mut one, mut two) = (bench.session(End::Source), bench.session(End::Source));
    two.run("BEGIN");
    two.run(&format!("INSERT INTO {} VALUES ('q', 1)", tables[0]));
    one.run("BEGIN");
    one.run(&format!("INSERT INTO {} VALUES ('p', 1)", tables[0]));
    one.run("COMMIT");
    two.run(&format!("INSERT INTO {} VALUES (1, 'p', 'x')", tables[1]));
    two.run("COMMIT");
    for rows in [1, 2, 3, 100] {
        let (mut sent, mut order) = (BTreeSet::new(), Vec::new());
        loop {
            let offered = source.read(&sent, ReadLimits { rows, bytes: 1 << 20 }).expect("a read");
            sent.extend(offered.iter().map(|offered| offered.id));
            order.extend(told(&offered));
            if offered.is_empty() {
                break;
            }
        }
        let at = |what: &str| order.iter().position(|told| told == what).expect("it is read");
        assert_eq!(order.len(), 3, "{order:?}");
        assert!(at("insert p") < at("insert 1"), "at most {rows}: {order:?}");
        if bench.tells_transactions() && rows >= 3 {
            assert_eq!(order, ["insert p", "insert q", "insert 1"], "a transaction's rows stand together");
        }
    }
}

pub(in super::super) fn a_transaction_above_the_limit_says_that_it_goes_on(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    let mut app = bench.session(End::Source);
    app.run("BEGIN");
    (0..10).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('{n}', {n})", tables[0])));
    app.run("COMMIT");
    app.run(&format!("INSERT INTO {} VALUES ('last', 1)", tables[0]));
    let (mut sent, mut parts) = (BTreeSet::new(), Vec::new());
    loop {
        let offered = source.read(&sent, ReadLimits { rows: 4, bytes: 1 << 20 }).expect("a read");
        if offered.is_empty() {
            break;
        }
        sent.extend(offered.iter().map(|offered| offered.id));
        parts.push(changes_of(&offered));
    }
    let order: Vec<String> = parts.iter().flatten().map(RowChange::key_text).collect();
    assert_eq!(order, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "last"]);
    let long = |change: &&RowChange| change.key_text() != "last";
    if bench.tells_transactions() {
        let first = parts[0][0].transaction;
        assert!(first.is_some() && parts.iter().flatten().filter(long).all(|change| change.transaction == first));
        let part_of_the_end = parts.iter().position(|part| part.iter().any(|change| change.key_text() == "9"));
        for (n, part) in parts.iter().enumerate() {
            let goes_on = Some(n) < part_of_the_end;
            assert!(part.iter().filter(long).all(|change| change.goes_on == goes_on), "part {n}: {part:?}");
        }
        assert!(parts.iter().flatten().filter(|change| change.key_text() == "last").all(|change| !change.goes_on));
    }
}

pub(in super::super) fn a_transaction_within_the_limit_is_not_cut(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    let mut app = bench.session(End::Source);
    for transaction in 0..3 {
        app.run("BEGIN");
        (0..3).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('{transaction}-{n}', {n})", tables[0])));
        app.run("COMMIT");
    }
    let offered = source.read(&BTreeSet::new(), ReadLimits { rows: 4, bytes: 1 << 20 }).expect("a read");
    if bench.tells_transactions() {
        assert_eq!(told(&offered), ["insert 0-0", "insert 0-1", "insert 0-2"]);
    }
    assert!(changes_of(&offered).iter().all(|change| !change.goes_on));
}

pub(in super::super) fn a_changed_key_is_a_delete_and_an_insert(bench: &mut dyn Bench) {
    let tables = family(bench, &BOTH);
    let mut pair = Pair::of(bench, &tables);
    let mut app = bench.session(End::Source);
    app.run(&format!("INSERT INTO {} VALUES ('a', 1)", tables[0]));
    app.run(&format!("UPDATE {} SET dm = 'b' WHERE dm = 'a'", tables[0]));
    let offered = all(&mut *pair.source);
    assert_eq!(told(&offered), ["insert a", "delete a", "insert b"]);
    pair.cross(ALL);
    assert_equal_ends(bench, &format!("SELECT dm, mj FROM {} ORDER BY dm", tables[0]));
}

pub(in super::super) fn an_update_names_what_it_changed_and_one_that_changes_nothing_is_silent(bench: &mut dyn Bench) {
    let tables = family(bench, &[End::Source]);
    let mut source = bench.source(&tables);
    let mut app = bench.session(End::Source);
    app.run(&format!("INSERT INTO {} VALUES ('a', 1)", tables[0]));
    app.run(&format!("INSERT INTO {} VALUES (1, 'a', NULL)", tables[1]));
    app.run(&format!("UPDATE {} SET zd = 'a', bz = NULL WHERE id = 1", tables[1]));
    app.run(&format!("UPDATE {} SET zd = 'a', bz = '' WHERE id = 1", tables[1]));
    app.run(&format!("UPDATE {} SET bz = NULL WHERE id = 1", tables[1]));
    app.run(&format!("UPDATE {} SET mj = NULL WHERE dm = 'a'", tables[0]));
    let changes = changes_of(&all(&mut *source));
    let updates: Vec<_> =
        changes.iter().filter(|change| change.op == Op::Update).map(|change| change.changed.clone()).collect();
    assert_eq!(updates, [["bz"], ["bz"], ["mj"]]);
}

pub(in super::super) fn emptying_a_table_is_never_silent(bench: &mut dyn Bench) {
    let tables = family(bench, &BOTH);
    let mut pair = Pair::of(bench, &tables);
    let mut app = bench.session(End::Source);
    (0..5).for_each(|n| app.run(&format!("INSERT INTO {} VALUES ('{n}', {n})", tables[0])));
    pair.cross(ALL);
    app.run(&format!("DELETE FROM {}", tables[0]));
    assert_eq!(pair.cross(ALL), 5);
    assert_equal_ends(bench, &format!("SELECT dm, mj FROM {} ORDER BY dm", tables[0]));
}

/// A generator that needs no crate (splitmix64).
pub(super) struct Draw(pub(super) u64);

impl Draw {
    /// Gives a number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

pub(in super::super) fn random_transactions_end_in_equal_tables(bench: &mut dyn Bench) {
    let seed = std::env::var("DUKOU_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    println!("DUKOU_SEED={seed}");
    let tables = family(bench, &BOTH);
    let mut pair = Pair::of(bench, &tables);
    let sessions = if bench.interleaves() { 3 } else { 1 };
    let mut apps: Vec<_> = (0..sessions).map(|_| (bench.session(End::Source), 0)).collect();
    let mut draw = Draw(seed);
    for _ in 0..300 {
        let who = usize::try_from(draw.below(sessions)).expect("few");
        let (app, open) = &mut apps[who];
        if *open == 0 {
            app.run("BEGIN");
        }
        *open += 1;
        // Each session has rows of its own: none waits for another's lock, and the order between them is the outbox's alone.
        let (parent, child) =
            (format!("{who}-{}", draw.below(6)), i64::try_from(draw.below(9)).expect("small") * 10 + who as i64);
        match draw.below(5) {
            0 => app.run(&format!(
                "INSERT INTO {0} SELECT '{parent}', {child} WHERE NOT EXISTS (SELECT 1 FROM {0} WHERE dm = '{parent}')",
                tables[0]
            )),
            1 => app.run(&format!(
                "INSERT INTO {1} SELECT {child}, '{parent}', 'n' WHERE EXISTS (SELECT 1 FROM {0} WHERE dm = '{parent}')
                 AND NOT EXISTS (SELECT 1 FROM {1} WHERE id = {child})",
                tables[0], tables[1]
            )),
            2 => app.run(&format!("UPDATE {} SET bz = 'v{}' WHERE id = {child}", tables[1], draw.below(3))),
            3 => app.run(&format!("DELETE FROM {} WHERE id = {child}", tables[1])),
            _ => app.run(&format!(
                "DELETE FROM {0} WHERE dm = '{parent}' AND NOT EXISTS (SELECT 1 FROM {1} WHERE zd = '{parent}')",
                tables[0], tables[1]
            )),
        }
        if draw.below(4) == 0 {
            app.run(if draw.below(5) == 0 { "ROLLBACK" } else { "COMMIT" });
            *open = 0;
        }
        // Where one transaction writes at a time, an open one holds up the station, too.
        let is_free = bench.interleaves() || apps.iter().all(|(_, open)| *open == 0);
        if draw.below(20) == 0 && is_free {
            pair.cross(ReadLimits { rows: 1 + usize::try_from(draw.below(7)).expect("small"), bytes: 1 << 20 });
        }
    }
    apps.iter_mut().filter(|(_, open)| *open > 0).for_each(|(app, _)| app.run("COMMIT"));
    pair.cross(ALL);
    assert_equal_ends(bench, &format!("SELECT dm, mj FROM {} ORDER BY dm", tables[0]));
    assert_equal_ends(bench, &format!("SELECT id, zd, bz FROM {} ORDER BY id", tables[1]));
    assert!(
        bench.session(End::Sink).number(&format!("SELECT count(*) FROM {}", tables[1])) > 0,
        "something is left to compare"
    );
}
