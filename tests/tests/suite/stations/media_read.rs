//! What an operator is told who reads discs: each time one sentence with what, where and what next, in both languages.

use std::fs;
use std::path::Path;

use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::sentence::{Tongue, one_sentence, wrong_use};
use dukou_tests::stations::tree::names;

use super::media::{insert, pair, written};

/// The sentence of a reading that is no failure, in both languages.
#[track_caller]
fn told(pair: &Pair, args: &[&str], zh: &[&str], en: &[&str]) {
    let [chinese, english] = [vec![], vec!["--lang", "en"]].map(|lang| pair.inner.expect(0, &[args, &lang].concat()).out);
    for (out, words, end) in [(chinese, zh, '。'), (english, en, '.')] {
        let line = out.trim_end();
        assert!(!line.contains('\n') && line.ends_with(end), "{out:?}");
        words.iter().for_each(|word| assert!(line.contains(word), "{word:?} is not in: {line}"));
    }
}

#[test]
fn every_wrong_disc_is_told_in_one_sentence_with_what_where_and_what_next() {
    let (pair, disc) = pair();
    pair.drop_messages(0, 100);
    pair.outer.pass(0);
    let volumes = written(&pair, &disc);
    assert_eq!(volumes.len(), 3, "{volumes:?}");
    let inserted: Vec<String> = volumes.iter().map(|volume| insert(&pair, &disc, volume)).collect();
    let read = |dir: &str| ["media", "read", dir].map(str::to_owned);
    let wrong = |dir: &str, zh: &[&str], en: &[&str]| {
        let args = read(dir);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        one_sentence(&pair.inner.expect(1, &args), Tongue::Chinese, &[&[dir][..], zh].concat());
        one_sentence(
            &pair.inner.expect(1, &[&args[..], &["--lang", "en"]].concat()),
            Tongue::English,
            &[&[dir][..], en].concat(),
        );
    };
    // The folder above: each volume is named as it is to be typed.
    let above = pair.dir.path().join("drive");
    let [first, second] = [&inserted[0], &inserted[1]].map(String::as_str);
    wrong(above.to_str().unwrap(), &["3 张", "media read", first, second], &["holds 3", "media read", first, second]);
    // An empty drive, and a disc with something else on it.
    let empty = pair.dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    wrong(empty.to_str().unwrap(), &["是空的", "挂载"], &["is empty", "mounted"]);
    fs::write(empty.join("照片.jpg"), b"x").unwrap();
    wrong(empty.to_str().unwrap(), &["MANIFEST.txt", "换一张"], &["MANIFEST.txt", "another disc"]);
    // A manifest that was damaged, and one that was changed.
    let damaged = Path::new(&inserted[2]).join("MANIFEST.txt");
    let good = fs::read(&damaged).unwrap();
    fs::write(&damaged, &good[..good.len() / 2]).unwrap();
    wrong(&inserted[2], &["MANIFEST.txt", "损坏", "重刻"], &["MANIFEST.txt", "damaged", "made again"]);
    fs::write(&damaged, &good).unwrap();
    assert_eq!(names(&pair.inner.path("ferry/in")), Vec::<String>::new(), "nothing of them was read");
    // One volume of three: the missing ones by their numbers. Then it again.
    let answer = pair.inner.expect(1, &["media", "read", &inserted[0]]);
    one_sentence(&answer, Tongue::Chinese, &["第 2、3 张未读入", "media read"]);
    wrong(&inserted[0], &["以前已经读入", "第 2、3 张未读入"], &["was read before", "not read: 2, 3"]);
    pair.inner.expect(0, &["media", "read", &inserted[1], &inserted[2]]);
    told(
        &pair,
        &["media", "read", &inserted[1]],
        &["以前已经读入", "不会重复", "已销号"],
        &["was read before", "nothing twice", "closed"],
    );
    pair.inner.pass(0);
    assert_eq!(pair.arrived(MESSAGES).len(), 100);
    assert_eq!(names(&pair.inner.path("quarantine")), Vec::<String>::new());
}

#[test]
fn discs_of_others_are_told_apart_one_of_ones_own_one_of_a_stranger_and_one_for_another_station() {
    let (pair, disc) = pair();
    pair.drop_messages(0, 1);
    pair.outer.pass(0);
    let own = disc.join(&written(&pair, &disc)[0]);
    wrong_use(&pair.outer, &["media", "read", own.to_str().unwrap()], 1, &[own.to_str().unwrap()]);
    let answer = pair.outer.expect(1, &["media", "read", own.to_str().unwrap()]);
    one_sentence(&answer, Tongue::Chinese, &["本站自己写的", "交给对方"]);
    let (stranger, elsewhere) = super::media::pair();
    stranger.drop_messages(0, 1);
    stranger.outer.pass(0);
    let foreign = elsewhere.join(&written(&stranger, &elsewhere)[0]);
    let answer = pair.inner.expect(1, &["media", "read", foreign.to_str().unwrap()]);
    one_sentence(&answer, Tongue::Chinese, &["MANIFEST.txt", "不是对方的", "谁写的"]);
    // A directory that is none, and one that is not there.
    let file = pair.dir.path().join("a file");
    fs::write(&file, b"x").unwrap();
    wrong_use(&pair.inner, &["media", "read", file.to_str().unwrap()], 2, &["a file"]);
    wrong_use(&pair.inner, &["media", "read", pair.dir.path().join("nowhere").to_str().unwrap()], 2, &["nowhere"]);
    assert_eq!(names(&pair.inner.path("ferry/in")), Vec::<String>::new());
}
