use super::*;
use crate::lang::Lang;
use proptest::prelude::*;

fn column(kind: Kind) -> Column {
    Column { name: "ZDMJ".into(), kind, nullable: false, in_key: false }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn code(kind: &Kind, value: &str) -> &'static str {
    fits(&column(kind.clone()), &text(value)).map_or_else(|misfit| misfit.code(), |()| "fits")
}

fn taken_as(kind: Kind, value: &str) -> String {
    match taken(&column(kind), &text(value)).expect("it fits").into_owned() {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

fn wide(charset: Charset) -> Kind {
    Kind::Text { max: None, unit: Unit::Chars, charset }
}

#[test]
fn null_and_bytes_go_only_where_they_may() {
    let mut column = column(Kind::Bytes { max: Some(2) });
    assert_eq!(fits(&column, &Value::Null).unwrap_err().code(), "null");
    column.nullable = true;
    assert_eq!(fits(&column, &Value::Null), Ok(()));
    assert_eq!(fits(&column, &Value::Bytes(vec![1, 2])), Ok(()));
    assert_eq!(fits(&column, &Value::Bytes(vec![1, 2, 3])).unwrap_err().code(), "too-narrow");
    assert_eq!(fits(&column, &text("00")).unwrap_err().code(), "text-for-bytes");
    column.kind = wide(Charset::Utf8);
    assert_eq!(fits(&column, &Value::Bytes(vec![])).unwrap_err().code(), "bytes-for-text");
    assert_eq!(fits(&column, &text("")), Ok(()), "empty text is not NULL");
}

#[test]
fn whole_numbers_end_exactly_at_their_range() {
    for (bits, unsigned, low, high) in [
        (8, false, "-128", "127"),
        (8, true, "0", "255"),
        (16, false, "-32768", "32767"),
        (24, false, "-8388608", "8388607"),
        (24, true, "0", "16777215"),
        (32, false, "-2147483648", "2147483647"),
        (64, false, "-9223372036854775808", "9223372036854775807"),
        (64, true, "0", "18446744073709551615"),
    ] {
        let kind = Kind::Integer { bits, unsigned };
        assert_eq!((code(&kind, low), code(&kind, high)), ("fits", "fits"), "{bits}");
        let beyond = |text: &str, step: i128| (text.parse::<i128>().unwrap() + step).to_string();
        assert_eq!(code(&kind, &beyond(low, -1)), "number-out-of-range", "{bits}");
        assert_eq!(code(&kind, &beyond(high, 1)), "number-out-of-range", "{bits}");
    }
    let kind = Kind::Integer { bits: 32, unsigned: false };
    for (value, expected) in [
        ("1.0", "fits"),
        ("1.5", "too-precise"),
        ("1e2", "fits"),
        ("1e300", "number-out-of-range"),
        ("-0", "fits"),
        ("true", "fits"),
    ] {
        assert_eq!(code(&kind, value), expected, "{value}");
    }
    assert_eq!(taken_as(kind.clone(), "1.00"), "1");
    assert_eq!(taken_as(kind.clone(), "-1e2"), "-100");
    assert_eq!(taken_as(kind.clone(), "true"), "1");
    for value in [
        "",
        "-",
        "+1",
        "1.",
        ".5",
        "1,000",
        "１",
        "0x10",
        "NaN",
        "Infinity",
        "1e",
        "1e+",
        "1e1e1",
        " 1",
        "1 ",
        "--1",
        "1.2.3",
        "1e9999999",
    ] {
        assert_eq!(code(&kind, value), "not-a-number", "{value:?}");
    }
}

#[test]
fn decimal_numbers_are_compared_digit_by_digit() {
    let kind = |precision, scale| Kind::Numeric { precision: Some(precision), scale };
    for (precision, scale, value, expected) in [
        (38, 16, "1234567890123456789012.1234567890123456", "fits"),
        (38, 16, "12345678901234567890123.0", "too-narrow"),
        (38, 16, "0.12345678901234567", "too-precise"),
        (38, 16, "0.12345678901234560", "fits"),
        (5, 2, "999.99", "fits"),
        (5, 2, "-999.99", "fits"),
        (5, 2, "1000", "too-narrow"),
        (5, 2, "0001.10000", "fits"),
        (5, 2, "0.005", "too-precise"),
        (5, 2, "0.000", "fits"),
        (5, 2, "1e2", "fits"),
        (5, 2, "1e3", "too-narrow"),
        (3, -2, "12300", "fits"),
        (3, -2, "12345", "too-precise"),
        (3, -2, "1234500", "too-narrow"),
        (2, 4, "0.0012", "fits"),
        (2, 4, "0.0123", "too-narrow"),
        (5, 0, "12.00", "fits"),
    ] {
        assert_eq!(code(&kind(precision, scale), value), expected, "numeric({precision},{scale}) {value}");
    }
    let free = Kind::Numeric { precision: None, scale: 0 };
    assert_eq!(taken_as(free.clone(), "1.500"), "1.500", "nothing is changed that need not be");
    assert_eq!(taken_as(free.clone(), "1e3"), "1000");
    assert_eq!(taken_as(free.clone(), "-1.25e-3"), "-0.00125");
    assert_eq!(taken_as(free.clone(), "12.5e0"), "12.5");
    assert_eq!(taken_as(free.clone(), "0e5"), "0");
    assert_eq!(taken_as(free.clone(), "007"), "7");
    assert_eq!(code(&free, "1e30000"), "not-a-number");
    assert_eq!(code(&free, "NaN"), "not-a-number");
}

#[test]
fn a_key_that_begins_with_a_zero_is_no_number() {
    for kind in
        [Kind::Integer { bits: 64, unsigned: false }, Kind::Numeric { precision: None, scale: 0 }, Kind::Float { bits: 64 }]
    {
        let column = |in_key| Column { name: "c".to_owned(), kind: kind.clone(), nullable: false, in_key };
        let told = |text: &str, in_key| fits(&column(in_key), &Value::Text(text.to_owned())).map_err(|misfit| misfit.code());
        for text in ["007", "00", "-01", "01.5"] {
            assert_eq!(told(text, true), Err("leading-zeros"), "{kind:?} {text}");
        }
        assert!(["0", "7", "-1"].iter().all(|text| told(text, true).is_ok()), "{kind:?}");
        assert!(told("007", false).is_ok(), "{kind:?}: beside the key it is the number that it says");
    }
}

#[test]
fn a_floating_point_column_takes_only_what_it_gives_back() {
    let (wide, narrow) = (Kind::Float { bits: 64 }, Kind::Float { bits: 32 });
    for (value, in_64, in_32) in [
        ("1.5", "fits", "fits"),
        ("0.1", "fits", "fits"),
        ("1e300", "fits", "number-out-of-range"),
        ("1e400", "number-out-of-range", "number-out-of-range"),
        ("1e-400", "too-precise", "too-precise"),
        ("16777217", "fits", "too-precise"),
        ("9007199254740993", "too-precise", "too-precise"),
        ("-0", "fits", "fits"),
        ("1.50", "fits", "fits"),
        ("inf", "not-a-number", "not-a-number"),
    ] {
        assert_eq!((code(&wide, value), code(&narrow, value)), (in_64, in_32), "{value}");
    }
    assert_eq!(float_text(1.5).as_deref(), Some("1.5"));
    assert_eq!(float_text(1.0).as_deref(), Some("1"));
    assert_eq!(float_text(1e300).as_deref(), Some("1e300"));
    assert_eq!(float_text(1.1_f32).as_deref(), Some("1.1"));
    assert_eq!((float_text(f64::NAN), float_text(f64::INFINITY)), (None, None));
}

#[test]
fn width_is_counted_as_the_column_counts() {
    let kind = |max, unit, charset| Kind::Text { max: Some(max), unit, charset };
    for (max, unit, charset, value, expected) in [
        (2, Unit::Chars, Charset::Utf8, "济南", "fits"),
        (2, Unit::Chars, Charset::Utf8, "济南市", "too-narrow"),
        (2, Unit::Chars, Charset::Utf8, "𬭚䶮", "fits"),
        (2, Unit::Utf16, Charset::Utf8, "𬭚䶮", "too-narrow"),
        (3, Unit::Utf16, Charset::Utf8, "𬭚䶮", "fits"),
        (6, Unit::Bytes, Charset::Utf8, "济南", "fits"),
        (5, Unit::Bytes, Charset::Utf8, "济南", "too-narrow"),
        (4, Unit::Bytes, Charset::Gbk, "济南", "fits"),
        (3, Unit::Bytes, Charset::Gbk, "济南", "too-narrow"),
        (4, Unit::Bytes, Charset::Gb18030, "䶮", "fits"),
        (4, Unit::Bytes, Charset::Gb18030, "𬭚", "fits"),
        (3, Unit::Bytes, Charset::Gb18030, "𬭚", "too-narrow"),
        (1, Unit::Chars, Charset::Utf8, "e\u{301}", "too-narrow"),
        (1, Unit::Chars, Charset::Utf8, "a ", "too-narrow"),
        (0, Unit::Chars, Charset::Utf8, "", "fits"),
    ] {
        assert_eq!(code(&kind(max, unit, charset), value), expected, "{max} {unit:?} {charset} {value}");
    }
}

#[test]
fn what_a_character_set_does_not_have_is_refused_with_its_code_point() {
    let stranger = |charset: Charset, text: &str| charset.length(text).err();
    for (charset, text, expected) in [
        (Charset::Utf8, "𬭚䶮㛃\u{e000}ᠮ\u{10ffff}", None),
        (Charset::Utf8, "a\0b", Some('\0')),
        (Charset::Utf8Bmp, "䶮㛃\u{e000}ᠮ", None),
        (Charset::Utf8Bmp, "王𬭚", Some('𬭚')),
        (Charset::Gbk, "济南市不动产ⅷ①〇·—", None),
        (Charset::Gbk, "王䶮", Some('䶮')),
        (Charset::Gbk, "㛃", Some('㛃')),
        (Charset::Gbk, "𬭚", Some('𬭚')),
        (Charset::Gbk, "5€", Some('€')),
        (Charset::Gbk, "\u{e000}", Some('\u{e000}')),
        (Charset::Gbk, "\u{e7c7}", Some('\u{e7c7}')),
        (Charset::Gbk, "ǹ", Some('ǹ')),
        (Charset::Gbk, "ᠮ", Some('ᠮ')),
        (Charset::Gbk, "\u{80}", Some('\u{80}')),
        (Charset::Gbk, "a\0", Some('\0')),
        (Charset::Gb18030, "𬭚䶮㛃ᠮ€ǹ\u{e000}", None),
        (Charset::Gb18030, "\u{e5e5}", Some('\u{e5e5}')),
        (Charset::Latin1, "é\u{80}", None),
        (Charset::Latin1, "€", Some('€')),
        (Charset::Windows1252, "é€", None),
        (Charset::Windows1252, "\u{100}", Some('\u{100}')),
        (Charset::Ascii, "é", Some('é')),
    ] {
        assert_eq!(stranger(charset, text), expected, "{charset} {text:?}");
    }
    let misfit = fits(&column(wide(Charset::Gbk)), &text("张䶮三")).unwrap_err();
    assert_eq!(misfit.code(), "character");
    let [zh, en] = misfit.words();
    assert_eq!(zh, "列 ZDMJ：字符集 GBK 中没有字符 U+4DAE「䶮」，请改用 UTF-8 的列");
    assert_eq!(en, "column ZDMJ: the character set GBK has no U+4DAE (䶮); make the column UTF-8");
    assert!(!zh.contains('张') && !en.contains('三'), "never the value");
}

#[test]
fn the_characters_that_gb18030_2022_moved_come_back_as_they_went_or_are_refused() {
    let moved = "\u{fe10}\u{fe11}\u{fe12}\u{fe13}\u{fe14}\u{fe15}\u{fe16}\u{fe17}\u{fe18}\u{fe19}\u{9fb4}\u{9fb5}\u{9fb6}\u{9fb7}\u{9fb8}\u{9fb9}\u{9fba}\u{9fbb}";
    let old = ('\u{e78d}'..='\u{e796}')
        .chain(['\u{e81e}', '\u{e826}', '\u{e82b}', '\u{e82c}', '\u{e832}', '\u{e843}', '\u{e854}', '\u{e864}', '\u{e5e5}']);
    for letter in moved.chars().chain(old) {
        let text = letter.to_string();
        assert_eq!(Charset::Utf8.length(&text), Ok(3), "U+{:04X}", u32::from(letter));
        assert_eq!(Charset::Gbk.length(&text), Err(letter), "U+{:04X}", u32::from(letter));
        if Charset::Gb18030.length(&text).is_ok() {
            let (bytes, ..) = encoding_rs::GB18030.encode(&text);
            assert_eq!(encoding_rs::GB18030.decode_without_bom_handling(&bytes).0, text);
        }
    }
}

#[test]
fn days_are_real_and_hours_end_at_midnight() {
    for (value, expected) in [
        ("2024-02-29", "fits"),
        ("2023-02-29", "date-out-of-range"),
        ("1900-02-29", "date-out-of-range"),
        ("2000-02-29", "fits"),
        ("0001-01-01", "fits"),
        ("9999-12-31", "fits"),
        ("0000-01-01", "date-out-of-range"),
        ("2024-00-10", "date-out-of-range"),
        ("2024-13-01", "date-out-of-range"),
        ("2024-04-31", "date-out-of-range"),
        ("2024-04-00", "date-out-of-range"),
        ("10000-01-01", "not-a-time"),
        ("2024-1-1", "not-a-time"),
        ("2024/01/01", "not-a-time"),
        ("infinity", "not-a-time"),
        ("", "not-a-time"),
        ("２０２４-01-01", "not-a-time"),
        ("2024-01-01 00:00:00", "fits"),
        ("2024-01-01 00:00:01", "date-or-time"),
        ("12:00:00", "date-or-time"),
    ] {
        assert_eq!(code(&Kind::Date, value), expected, "{value}");
    }
    for (value, expected) in [
        ("00:00:00", "fits"),
        ("23:59:59", "fits"),
        ("23:59:59.999", "fits"),
        ("23:59:59.999000", "fits"),
        ("23:59:59.9999", "too-precise"),
        ("24:00:00", "time-out-of-range"),
        ("23:60:00", "time-out-of-range"),
        ("23:59:60", "time-out-of-range"),
        ("1:00:00", "not-a-time"),
        ("12:00", "not-a-time"),
        ("12:00:00.", "not-a-time"),
        ("-12:00:00", "not-a-time"),
        ("12:00:00+08:00", "date-or-time"),
        ("2024-01-01", "date-or-time"),
    ] {
        assert_eq!(code(&Kind::Time { fraction: 3 }, value), expected, "{value}");
    }
}

#[test]
fn civil_times_stay_and_instants_keep_their_offset_with_its_seconds() {
    let (civil, instant) = (Kind::Timestamp { fraction: 6 }, Kind::TimestampTz { fraction: 6 });
    for (value, as_civil, as_instant) in [
        ("1988-07-01 12:00:00+09:00", "1988-07-01 12:00:00", "1988-07-01 12:00:00+09:00"),
        ("1900-01-01 00:00:00+08:05:43", "1900-01-01 00:00:00", "1900-01-01 00:00:00+08:05:43"),
        ("2024-01-01 00:00:00.500000-03:30", "2024-01-01 00:00:00.5", "2024-01-01 00:00:00.5-03:30"),
    ] {
        assert_eq!(taken_as(civil.clone(), value), as_civil);
        assert_eq!(taken_as(instant.clone(), value), as_instant);
        assert_eq!(to_civil(value).unwrap(), as_civil);
        assert_eq!(taken_as(wide(Charset::Utf8), value), value);
    }
    assert_eq!(taken_as(civil.clone(), "1900-01-01"), "1900-01-01 00:00:00");
    assert_eq!(code(&instant, "1988-07-01 12:00:00"), "no-offset");
    assert_eq!(code(&Kind::Timestamp { fraction: 0 }, "1988-07-01 12:00:00.1"), "too-precise");
    for value in [
        "1988-07-01T12:00:00",
        "1988-07-01 12:00:00Z",
        "1988-07-01 12:00:00+09",
        "1988-07-01 12:00:00+9:00",
        "1988-07-01 12:00:00+16:00",
        "1988-07-01 12:00:00+09:60",
        "1988-07-01 12:00:00+09:00:60",
        "1988-07-01  12:00:00",
        "1988-07-01 12:00:00 +09:00",
        "1988-07-01 ",
    ] {
        assert_eq!(code(&instant, value), "not-a-time", "{value}");
    }
}

#[test]
fn the_same_instant_at_utc_and_in_shanghai() {
    for (seconds, shanghai, utc) in [
        (583_729_200, "1988-07-01 12:00:00+09:00", "1988-07-01 03:00:00"),
        (-2_209_017_943, "1900-01-01 00:00:00+08:05:43", "1899-12-31 15:54:17"),
        (0, "1970-01-01 08:00:00+08:00", "1970-01-01 00:00:00"),
        (-2_177_481_944, "1900-12-31 23:59:59+08:05:43", "1900-12-31 15:54:16"),
        (-2_177_481_943, "1900-12-31 23:54:17+08:00", "1900-12-31 15:54:17"),
        (515_527_199, "1986-05-04 01:59:59+08:00", "1986-05-03 17:59:59"),
        (515_527_200, "1986-05-04 03:00:00+09:00", "1986-05-03 18:00:00"),
        (684_867_600, "1991-09-15 01:00:00+08:00", "1991-09-14 17:00:00"),
        (253_402_271_999, "9999-12-31 23:59:59+08:00", "9999-12-31 15:59:59"),
    ] {
        assert_eq!(in_shanghai(seconds, 0).as_deref(), Some(shanghai), "{seconds}");
        assert_eq!(to_utc(shanghai).as_deref(), Ok(utc), "{seconds}");
    }
    assert_eq!(in_shanghai(0, 120_000_000).as_deref(), Some("1970-01-01 08:00:00.12+08:00"));
    assert_eq!(in_shanghai(253_402_272_000, 0), None);
    assert_eq!(in_shanghai(i64::MAX, 0), None);
    assert_eq!(in_shanghai(i64::MIN, 0), None);
    assert_eq!(in_shanghai(0, 1_000_000_000), None);
    assert_eq!(to_utc("0001-01-01 00:00:00+08:00"), Err(Why::DateRange));
    assert_eq!(to_utc("2024-01-01 00:00:00"), Err(Why::NoOffset));
}

#[test]
fn what_databases_print_becomes_portable_or_is_refused() {
    for (printed, expected) in [
        ("1988-07-01 12:00:00+09", Ok("1988-07-01 12:00:00+09:00")),
        ("1900-01-01 00:00:00+08:05:43", Ok("1900-01-01 00:00:00+08:05:43")),
        ("2024-01-01 12:00:00.5-03:30", Ok("2024-01-01 12:00:00.5-03:30")),
        ("2024-01-01 12:00:00.500000", Ok("2024-01-01 12:00:00.5")),
        ("2024-01-01", Ok("2024-01-01")),
        ("12:00:00", Ok("12:00:00")),
        ("infinity", Err("date-out-of-range")),
        ("-infinity", Err("date-out-of-range")),
        ("0044-03-15 BC", Err("date-out-of-range")),
        ("0044-03-15 12:00:00+08:05:43 BC", Err("date-out-of-range")),
        ("10000-01-01", Err("date-out-of-range")),
        ("294276-12-31 23:59:59", Err("date-out-of-range")),
        ("24:00:00", Err("time-out-of-range")),
        ("01/02/2024", Err("not-a-time")),
        ("", Err("not-a-time")),
    ] {
        assert_eq!(from_postgres(printed).as_deref().map_err(|why| why.code()), expected, "{printed}");
    }
    for (printed, expected) in [
        ("2024-01-01 12:00:00.500000", Ok("2024-01-01 12:00:00.5")),
        ("2024-01-01", Ok("2024-01-01")),
        ("0000-00-00", Err("date-out-of-range")),
        ("0000-00-00 00:00:00", Err("date-out-of-range")),
        ("2024-00-10", Err("date-out-of-range")),
        ("-00:00:01", Err("time-out-of-range")),
        ("838:59:59", Err("time-out-of-range")),
        ("24:00:00", Err("time-out-of-range")),
        ("00:00:00.000000", Ok("00:00:00")),
    ] {
        assert_eq!(from_mariadb(printed).as_deref().map_err(|why| why.code()), expected, "{printed}");
    }
}

#[test]
fn words_of_other_forms_are_held_to_them() {
    let labels = Kind::Enum { labels: vec!["宅基地".into(), "建设用地".into()] };
    for (kind, value, expected) in [
        (Kind::Bool, "true", "fits"),
        (Kind::Bool, "1", "fits"),
        (Kind::Bool, "t", "not-a-boolean"),
        (Kind::Uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "fits"),
        (Kind::Uuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "not-a-uuid"),
        (Kind::Uuid, "a0eebc999c0b4ef8bb6d6bb9bd380a11", "not-a-uuid"),
        (Kind::Json, "{\"a\":[1,2.5e10,\"𬭚\"]}", "fits"),
        (Kind::Json, "{\"a\":}", "not-json"),
        (Kind::Json, "", "not-json"),
        (labels.clone(), "宅基地", "fits"),
        (labels, "宅基", "no-such-label"),
    ] {
        assert_eq!(code(&kind, value), expected, "{value}");
    }
    assert_eq!(taken_as(Kind::Bool, "0"), "false");
}

#[test]
fn a_row_is_taken_as_a_whole_or_its_first_misfit_is_named() {
    let columns = [column(Kind::Timestamp { fraction: 0 }), Column { name: "BZ".into(), ..column(wide(Charset::Gbk)) }];
    let row = vec![("BZ".into(), text("备注")), ("ZDMJ".into(), text("1988-07-01 12:00:00+09:00"))];
    let given = row_taken(&columns, &row).unwrap();
    assert_eq!(*given, vec![("BZ".into(), text("备注")), ("ZDMJ".into(), text("1988-07-01 12:00:00"))]);
    assert!(matches!(row_taken(&columns, &given), Ok(Cow::Borrowed(_))), "what is taken as it is is not copied");
    let misfit = row_taken(&columns, &vec![("zdmj".into(), text("1"))]).unwrap_err();
    assert_eq!((misfit.column.as_str(), misfit.code()), ("zdmj", "no-such-column"));
}

#[test]
fn every_misfit_names_column_limit_and_measure_in_both_languages() {
    let why = Why::TooLong { max: 10, has: 12, unit: Unit::Chars };
    let [zh, en] = Misfit { column: "QLRMC".into(), why }.words();
    assert_eq!(zh, "列 QLRMC：最多 10 个字符，收到 12 个字符，请加宽该列");
    assert_eq!(en, "column QLRMC: takes 10 characters, the value has 12; widen the column");
    let misfit = fits(&column(Kind::Integer { bits: 16, unsigned: false }), &text("40000")).unwrap_err();
    assert!(misfit.sentence(Lang::Zh).contains("-32768 至 32767") && !misfit.sentence(Lang::Zh).contains("40000"));
    let all = [
        Why::NoSuchColumn,
        Why::Null,
        Why::NumberRange { bits: 8, unsigned: true },
        Why::Digits { max: 1, has: 2 },
        Why::Scale { max: 1, has: 2 },
        Why::FloatDigits { bits: 32 },
        Why::FloatRange { bits: 32 },
        Why::NoNumber,
        Why::NoBoolean,
        Why::NoTime,
        Why::DateRange,
        Why::TimeRange,
        Why::DateOrTime,
        Why::NoOffset,
        Why::Fraction { max: 1, has: 2 },
        Why::BytesForText,
        Why::EmptyText,
        Why::NotInKey,
        Why::LeadingZeros,
        Why::TextForBytes,
        Why::NoUuid,
        Why::NoJson,
        Why::NoSuchLabel,
    ];
    let mut seen = std::collections::HashSet::new();
    for why in all {
        let misfit = Misfit { column: "a\u{1b}[31m".into(), why };
        let [zh, en] = misfit.words();
        assert!(seen.insert(en.clone()) && seen.insert(zh.clone()), "{en}");
        assert!(!zh.contains('\u{1b}') && !en.contains('\u{1b}'));
        assert!(misfit.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_column_panic_and_what_fits_is_taken_again_as_it_was(value in "\\PC{0,40}|[-+0-9.e: ]{0,40}", bits in 8u8..=64, digits in 1u32..40) {
        let kinds = [
            Kind::Integer { bits, unsigned: bits % 2 == 0 }, Kind::Numeric { precision: Some(digits), scale: 3 }, Kind::Numeric { precision: None, scale: 0 },
            Kind::Float { bits: 64 }, Kind::Float { bits: 32 }, Kind::Bool, wide(Charset::Gbk), wide(Charset::Gb18030), wide(Charset::Latin1),
            Kind::Date, Kind::Time { fraction: 6 }, Kind::Timestamp { fraction: 6 }, Kind::TimestampTz { fraction: 6 }, Kind::Uuid, Kind::Json,
        ];
        for kind in kinds {
            let column = column(kind);
            if let Ok(once) = taken(&column, &text(&value)) {
                prop_assert_eq!(taken(&column, &once), Ok(Cow::Borrowed(once.as_ref())), "{:?}", column);
            }
        }
        let _ = (from_postgres(&value), from_mariadb(&value), to_civil(&value), to_utc(&value));
    }

    #[test]
    fn a_decimal_number_keeps_its_digits(whole in "[1-9][0-9]{0,30}", fraction in "[0-9]{0,20}", zeros in 0usize..5) {
        let kept = fraction.trim_end_matches('0');
        let value = format!("{whole}.{fraction}0{}", "0".repeat(zeros));
        let (digits, scale) = (whole.len() as u32, kept.len() as i32);
        let kind = |precision: u32, scale: i32| Kind::Numeric { precision: Some(precision), scale };
        prop_assert_eq!(code(&kind(digits + scale as u32, scale), &value), "fits");
        prop_assert_eq!(code(&kind(digits + scale as u32 - 1, scale), &value), "too-narrow");
        if scale > 0 {
            prop_assert_eq!(code(&kind(60, scale - 1), &value), "too-precise");
        }
    }

    #[test]
    fn what_gbk_holds_comes_back_from_gbk(value in "[一-龥〇①-⑩Ａ-ｚ\\PC]{0,20}") {
        match Charset::Gbk.length(&value) {
            Ok(bytes) => {
                let (encoded, ..) = encoding_rs::GBK.encode(&value);
                prop_assert_eq!(encoded.len() as u64, bytes);
                let (back, _) = encoding_rs::GBK.decode_without_bom_handling(&encoded);
                prop_assert_eq!(back.as_ref(), value.as_str());
            }
            Err(stranger) => prop_assert!(value.contains(stranger)),
        }
    }
}
