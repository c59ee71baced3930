use super::*;
use crate::connectors::tables::{Entry, EntryId, Offered, Problem, ReadLimits, TableFault, TableSource};
use std::collections::BTreeSet;
use std::sync::Arc;

const MANY: ReadLimits = ReadLimits { rows: 1000, bytes: 1 << 30 };

fn source(files: &SimFiles, folder: &Path) -> TableFileSource {
    TableFileSource::new(Arc::new(files.clone()), folder, &["main.zd".to_string(), "main.h".to_string()])
}

/// Writes an extract of these changes.
fn extract(changes: &[RowChange]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for change in changes {
        bytes.extend(change.render_line());
        bytes.push(b'\n');
    }
    bytes.extend(format!("{{\"end\":{}}}\n", changes.len()).bytes());
    bytes
}

fn stock(ids: std::ops::Range<u32>) -> Vec<RowChange> {
    ids.map(|id| zd(Op::Stock, id, text(TRAPS[id as usize % TRAPS.len()]), Value::Null)).collect()
}

fn changes(offered: &[Offered]) -> Vec<RowChange> {
    offered
        .iter()
        .filter_map(|offered| if let Entry::Change(change) = &offered.entry { Some(change.clone()) } else { None })
        .collect()
}

fn entries(offered: &[Offered]) -> Vec<EntryId> {
    offered.iter().map(Offered::entry_id).collect()
}

fn ids(offered: &[Offered]) -> Vec<i64> {
    offered.iter().map(|offered| offered.id).collect()
}

fn words(fault: &TableFault) -> String {
    match fault {
        TableFault::Denied { place, words } => format!("{place}: {words}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn extracts_are_read_in_their_order_and_moved_when_all_is_taken() {
    let (files, folder) = folder();
    let mut source = source(&files, folder);
    assert_eq!(source.read(&BTreeSet::new(), MANY), Ok(vec![]));
    files.put(folder.join("000001.jsonl"), extract(&stock(0..3)));
    files.put(folder.join("000002.jsonl"), extract(&stock(3..700)));
    files.put(folder.join("notes.txt"), b"x");
    let read = source.read(&BTreeSet::new(), MANY).unwrap();
    assert_eq!(changes(&read), stock(0..700));
    assert!(ids(&read).is_sorted());
    source.delete(&entries(&read)[..600]).unwrap();
    assert_eq!(
        files.tree(folder),
        [".dukou-taken.json", "000002.jsonl", "columns.tsv", "notes.txt", "taken/000001.jsonl"].map(String::from)
    );
    let rest = source.read(&BTreeSet::new(), MANY).unwrap();
    assert_eq!(rest, read[600..]);
    source.delete(&entries(&read)).unwrap();
    source.delete(&entries(&read)).unwrap();
    assert_eq!(source.read(&BTreeSet::new(), MANY), Ok(vec![]));
    assert!(files.get(folder.join("taken/000002.jsonl")).is_some());
    assert_eq!(source.check(), Ok(vec![]));
}

#[test]
fn what_has_packets_is_left_out_and_may_be_deleted_in_any_order() {
    let (files, folder) = folder();
    files.put(folder.join("000001.jsonl"), extract(&stock(0..6)));
    let mut source = source(&files, folder);
    let read = source.read(&BTreeSet::new(), MANY).unwrap();
    let some = BTreeSet::from([read[1].id, read[4].id]);
    assert_eq!(ids(&source.read(&some, MANY).unwrap()), [read[0].id, read[2].id, read[3].id, read[5].id]);
    source.delete(&[read[4].entry_id(), read[1].entry_id()]).unwrap();
    assert_eq!(ids(&source.read(&BTreeSet::new(), MANY).unwrap()), [read[0].id, read[2].id, read[3].id, read[5].id]);
    source.delete(&[read[0].entry_id()]).unwrap();
    assert_eq!(ids(&source.read(&BTreeSet::new(), MANY).unwrap()), [read[2].id, read[3].id, read[5].id]);
}

#[test]
fn an_extract_that_is_still_written_waits_and_a_missing_number_is_named() {
    let (files, folder) = folder();
    let mut source = source(&files, folder);
    let whole = extract(&stock(0..3));
    for cut in 0..whole.len() {
        files.put(folder.join("000001.jsonl"), &whole[..cut]);
        assert_eq!(source.read(&BTreeSet::new(), MANY), Ok(vec![]), "cut at {cut}");
    }
    files.put(folder.join("000001.jsonl"), &whole);
    files.put(folder.join("000003.jsonl"), &whole);
    let read = source.read(&BTreeSet::new(), MANY).unwrap();
    assert_eq!(read.len(), 3);
    source.delete(&entries(&read)).unwrap();
    let missing = TableFault::Unfit { table: "/tables/000002.jsonl".into(), column: None, problem: Problem::Missing };
    assert_eq!(source.read(&BTreeSet::new(), MANY), Err(missing.clone()));
    assert_eq!(source.check(), Ok(vec![missing]));
    files.put(folder.join("000002.jsonl"), &whole);
    assert_eq!(source.read(&BTreeSet::new(), MANY).unwrap().len(), 6);
}

#[test]
fn an_extract_that_is_wrong_is_refused_with_file_and_line_and_nothing_of_it_goes() {
    let (files, folder) = folder();
    let mut source = source(&files, folder);
    let line = String::from_utf8(stock(0..1)[0].render_line()).unwrap();
    for (extract, reason) in [
        (format!("{line}\n{{\"end\":2}}\n"), "there are 1"),
        (format!("{line}\n{{\"end\":1}}\n{line}\n"), "behind the end"),
        (format!("{line}\n{{\"end\":x}}\n"), "the end must be"),
        (format!("{line}\n{{\"op\":\"delete\"}}\n{{\"end\":2}}\n"), "line 2: `table` is missing"),
        (format!("{line}\nORA-00942\n{{\"end\":2}}\n"), "line 2: no row change"),
        (
            format!("{}\n{{\"end\":1}}\n", line.replace("main.zd", "main.other")),
            "line 1: the channel does not have the table main.other",
        ),
    ] {
        files.put(folder.join("000001.jsonl"), &extract);
        let fault = source.read(&BTreeSet::new(), MANY).unwrap_err();
        assert!(words(&fault).contains(reason) && words(&fault).contains("000001.jsonl"), "{extract}: {fault:?}");
    }
}

#[test]
fn a_number_that_was_used_is_refused_and_never_silently_put_away() {
    let (files, folder) = folder();
    let mut source = source(&files, folder);
    files.put(folder.join("000001.jsonl"), extract(&stock(0..1)));
    let read = source.read(&BTreeSet::new(), MANY).unwrap();
    source.delete(&entries(&read)).unwrap();
    files.put(folder.join("000001.jsonl"), extract(&stock(5..6)));
    let fault = source.read(&BTreeSet::new(), MANY).unwrap_err();
    assert!(words(&fault).contains("the next is 000002"), "{fault:?}");
    source.delete(&[]).unwrap();
    assert!(files.get(folder.join("000001.jsonl")).is_some());
}

#[test]
fn long_lines_may_be_broken_and_line_ends_may_be_of_windows() {
    let (files, folder) = folder();
    let mut source = source(&files, folder);
    let change = zd(Op::Insert, 1, text("a\\b 𬭚 ".repeat(400)), Value::Bytes(vec![7; 3000]));
    let line = String::from_utf8(change.render_line()).unwrap();
    for width in [1, 7, 1000] {
        let letters: Vec<char> = line.chars().collect();
        let broken: Vec<String> = letters.chunks(width).map(|piece| piece.iter().collect()).collect();
        let extract = format!("{}\r\n\r\n{{\"end\":1}}   \r\n", broken.join("\\\r\n"));
        files.put(folder.join("000001.jsonl"), &extract);
        assert_eq!(changes(&source.read(&BTreeSet::new(), MANY).unwrap()), std::slice::from_ref(&change), "width {width}");
    }
}

#[test]
fn transactions_are_brought_whole_and_one_that_alone_is_too_long_says_that_it_goes_on() {
    let (files, folder) = folder();
    let mut source = source(&files, folder);
    let all: Vec<RowChange> = stock(0..20)
        .into_iter()
        .zip([1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5])
        .map(|(change, tx)| of_transaction(change, tx, false))
        .collect();
    files.put(folder.join("000001.jsonl"), extract(&all));
    let limits = ReadLimits { rows: 4, bytes: 1 << 30 };
    let mut seen = Vec::new();
    let mut shape = Vec::new();
    loop {
        let read = source.read(&BTreeSet::new(), limits).unwrap();
        if read.is_empty() {
            break;
        }
        let part = changes(&read);
        shape.push((part.len(), part.iter().filter(|change| change.goes_on).count()));
        seen.extend(part.into_iter().map(|change| RowChange { goes_on: false, ..change }));
        source.delete(&entries(&read)).unwrap();
    }
    assert_eq!(shape, [(3, 0), (2, 0), (4, 4), (3, 0), (4, 0), (4, 0)]);
    assert_eq!(seen, all);
    let narrow = ReadLimits { rows: 100, bytes: 1 };
    files.put(folder.join("000002.jsonl"), extract(&all));
    assert_eq!(source.read(&BTreeSet::new(), narrow).unwrap().len(), 1, "one row always goes");
}

#[test]
fn rows_that_cannot_travel_are_offered_as_such() {
    let (files, folder) = folder();
    let mut source = source(&files, folder);
    let extract =
        "{\"table\":\"main.zd\",\"op\":\"update\",\"key\":{\"bsm\":\"1\"},\"problem\":\"date-out-of-range\"}\n{\"end\":1}\n";
    files.put(folder.join("000001.jsonl"), extract);
    let read = source.read(&BTreeSet::new(), MANY).unwrap();
    let key = cells(&[("bsm", text(1))]);
    let unfit = Entry::Unfit { table: "main.zd".into(), key, code: "date-out-of-range", column: None, bytes: None };
    assert_eq!(read.iter().map(|offered| &offered.entry).collect::<Vec<_>>(), [&unfit]);
}

#[test]
fn the_stock_is_extracted_by_the_administrator_and_the_refusal_says_how() {
    let (files, folder) = folder();
    let want = crate::connectors::tables::ChunkWanted { table: "main.zd", after: None, filter: None, rows: 10 };
    let fault = source(&files, folder).chunk(&want, 1).unwrap_err();
    assert!(words(&fault).contains("op stock"), "{fault:?}");
}

#[test]
fn a_station_killed_at_any_operation_reads_every_row_once() {
    for persisted in [false, true] {
        for kill in 1.. {
            let (files, folder) = folder();
            files.put(folder.join("000001.jsonl"), extract(&stock(0..4)));
            files.put(folder.join("000002.jsonl"), extract(&stock(4..6)));
            let (mut taken, mut packets) = (Vec::new(), BTreeSet::new());
            files.kill_at(kill, persisted);
            let mut died = false;
            let mut one = source(&files, folder);
            for _ in 0..12 {
                // The engine's store knows what has a packet, and deletes that first of all after a start.
                let step =
                    one.delete(&packets.iter().map(|id| EntryId { id: *id, at_ms: 0 }).collect::<Vec<_>>()).and_then(|()| {
                        packets.clear();
                        one.read(&packets, ReadLimits { rows: 3, bytes: 1 << 20 })
                    });
                match step {
                    Ok(read) => {
                        packets.extend(ids(&read));
                        taken.extend(changes(&read));
                    }
                    Err(_) => {
                        assert!(files.is_killed());
                        died = true;
                        files.power_cut();
                        one = source(&files, folder);
                    }
                }
            }
            assert_eq!(taken, stock(0..6), "killed at {kill}, {persisted}");
            assert!(files.get(folder.join("taken/000002.jsonl")).is_some(), "killed at {kill}");
            if !died {
                break;
            }
        }
    }
}
