//! `cargo xtask standard`: writes the catalogue of the message standard (`deploy/standard/`) from the domain's lists and `rules.toml`.
//!
//! Given: a folder with `schema.json` (tables and columns of both editions), `rectypes.json` (business codes and their table sets),
//! `codes.json` (vendors' dictionaries) and `gxdjk.json` (widths of a sharing library). Gives: `old/` and `new/` `tables.json` and
//! `rectypes.json`, and `dictionaries.json`; the same input gives the same bytes. What is compiled in is what these files say: the domain's
//! lists themselves are needed only when they change. `--check` writes nothing and fails when a file would change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::workspace;

/// Options of `standard`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// 领域数据文件夹 / the folder with schema.json, rectypes.json, codes.json, gxdjk.json
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// 只比较，不写 / compare only
    #[arg(long)]
    check: bool,
}

#[derive(Deserialize)]
struct Schema {
    data_order: Vec<String>,
    tables: BTreeMap<String, DomainTable>,
}

#[derive(Deserialize)]
struct DomainTable {
    label: String,
    old_name: Option<String>,
    new_name: Option<String>,
    ysdm_old: Option<String>,
    ysdm_new: Option<String>,
    columns: Vec<DomainColumn>,
}

#[derive(Deserialize)]
struct DomainColumn {
    name: String,
    label: String,
    dict: String,
    old: bool,
    new: bool,
    old_type: Option<String>,
    new_type: Option<String>,
    supermap_required: bool,
}

#[derive(Deserialize)]
struct DomainCodes {
    rectypes: Vec<DomainCode>,
}

#[derive(Deserialize)]
struct DomainCode {
    code: String,
    name_old: Option<String>,
    name_new: Option<String>,
    main_table_old: Option<String>,
    main_table_new: Option<String>,
    variants_new: BTreeMap<String, Variant>,
    tables_old: Option<Vec<String>>,
}

type Variant = Vec<String>;

#[derive(Deserialize)]
struct LibraryColumn {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    length: Option<usize>,
}

#[derive(Deserialize)]
struct Rules {
    dictionary: BTreeMap<String, RuleDictionary>,
    column_dictionary: BTreeMap<String, String>,
    width: BTreeMap<String, usize>,
    shared_library: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RuleDictionary {
    list: Option<String>,
    #[serde(default)]
    codes: BTreeMap<String, String>,
    #[serde(default)]
    vendor: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    label: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dictionary: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<usize>,
    #[serde(skip_serializing_if = "is_false")]
    vendor: bool,
}

#[derive(Serialize)]
struct TableHead<'a> {
    name: &'a str,
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ysdm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<usize>,
}

#[derive(Serialize)]
struct Code<'a> {
    code: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    main: Option<&'a str>,
    sets: Vec<&'a Variant>,
}

#[derive(Serialize)]
struct Dictionary<'a> {
    name: &'a str,
    codes: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    vendor: &'a BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edition {
    Old,
    New,
}

impl Edition {
    fn folder(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

/// Columns whose width is the standard's own, whatever a vendor's library has.
const EXACT: [&str; 6] = ["BDCDYH", "ZDDM", "QXDM", "DJLX", "QLLX", "YSDM"];

/// Writes the files, or compares them.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let place = workspace::root().join("deploy/standard");
    let rules: Rules = toml::from_str(&fs::read_to_string(place.join("rules.toml")).context("rules.toml")?)?;
    let mut changed = false;
    for (name, text) in files(&options.data, &rules)? {
        let path = place.join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        changed = true;
        println!("{}", path.display());
        if !options.check {
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(if changed && options.check { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read<T: DeserializeOwned>(data: &Path, name: &str) -> Result<T> {
    let text = fs::read_to_string(data.join(name)).with_context(|| name.to_string())?;
    serde_json::from_str(&text).with_context(|| name.to_string())
}

fn files(data: &Path, rules: &Rules) -> Result<Vec<(String, String)>> {
    let schema: Schema = read(data, "schema.json")?;
    let codes: DomainCodes = read(data, "rectypes.json")?;
    let lists: BTreeMap<String, serde_json::Value> = read(data, "codes.json")?;
    let library: HashMap<String, serde_json::Value> = read(data, "gxdjk.json")?;
    let widths = widths(&library, rules)?;
    let mut files = vec![("dictionaries.json".to_string(), dictionaries(&lists, rules)?)];
    for edition in [Edition::Old, Edition::New] {
        let folder = edition.folder();
        files.push((format!("{folder}/tables.json"), tables(&schema, edition, rules, &widths)?));
        files.push((format!("{folder}/rectypes.json"), rectypes(&codes, edition)?));
    }
    Ok(files)
}

/// Gives the widths of the sharing library by the message's table and column.
fn widths(library: &HashMap<String, serde_json::Value>, rules: &Rules) -> Result<HashMap<(String, String), usize>> {
    let mut widths = HashMap::new();
    for (own, table) in &rules.shared_library {
        let columns: Vec<LibraryColumn> = serde_json::from_value(library.get(own).cloned().context(own.clone())?)?;
        for column in columns.into_iter().filter(|column| column.kind == "String") {
            if let Some(length) = column.length {
                widths.insert((table.clone(), column.name), length);
            }
        }
    }
    Ok(widths)
}

fn tables(schema: &Schema, edition: Edition, rules: &Rules, widths: &HashMap<(String, String), usize>) -> Result<String> {
    let ordered: BTreeSet<&String> = schema.data_order.iter().collect();
    let others = schema.tables.keys().filter(|key| !ordered.contains(key));
    let mut written = Vec::new();
    for key in schema.data_order.iter().chain(others) {
        let table = schema.tables.get(key).with_context(|| key.clone())?;
        let (name, ysdm) = match edition {
            Edition::Old => (&table.old_name, &table.ysdm_old),
            Edition::New => (&table.new_name, &table.ysdm_new),
        };
        let Some(name) = name else { continue };
        let place = schema.data_order.iter().position(|own| own == key).map(|at| at + 1);
        let place = place.filter(|_| edition == Edition::New);
        let head = serde_json::to_string(&TableHead { name, label: &table.label, ysdm: ysdm.as_deref(), place })?;
        let columns: Vec<String> =
            table.columns.iter().filter_map(|column| of(column, key, edition, rules, widths)).collect::<Result<_, _>>()?;
        let head = head.strip_suffix('}').context("an object ends with a brace")?;
        written.push(format!("{head},\"columns\":[\n{}\n]}}", columns.join(",\n")));
    }
    Ok(format!("[\n{}\n]\n", written.join(",\n")))
}

/// Gives a column's line; `None` when the edition has no such column. A vendor's own columns stand with the old edition.
fn of(
    column: &DomainColumn,
    table: &str,
    edition: Edition,
    rules: &Rules,
    widths: &HashMap<(String, String), usize>,
) -> Option<serde_json::Result<String>> {
    let (there, kind) = match edition {
        Edition::Old => (column.old, &column.old_type),
        Edition::New => (column.new, &column.new_type),
    };
    let vendor = !column.old && !column.new && edition == Edition::Old;
    if !there && !vendor {
        return None;
    }
    let kind = match kind.as_deref() {
        Some("Double") => "decimal",
        Some("Integer") => "integer",
        Some("Date") => "date",
        _ => "text",
    };
    let by_name = rules.column_dictionary.get(&column.name);
    let own = rules.column_dictionary.get(&format!("{table}.{}", column.name));
    let listed = rules.dictionary.get_key_value(&column.dict).map(|(name, _)| name);
    let dictionary = own.or(listed).or(by_name).filter(|_| kind != "date").map(String::as_str);
    let width = rules.width.get(&column.name).copied();
    let library = widths.get(&(table.to_string(), column.name.clone())).copied();
    let width = if EXACT.contains(&column.name.as_str()) { width } else { width.max(library) };
    Some(serde_json::to_string(&Column {
        name: &column.name,
        label: &column.label,
        kind,
        dictionary,
        required: column.supermap_required && there,
        width: width.filter(|_| kind == "text"),
        vendor,
    }))
}

fn rectypes(codes: &DomainCodes, edition: Edition) -> Result<String> {
    let mut codes: Vec<&DomainCode> = codes.rectypes.iter().collect();
    codes.sort_by(|a, b| a.code.cmp(&b.code));
    let mut lines = Vec::new();
    for code in codes {
        let (name, main, sets): (_, _, Vec<&Variant>) = match edition {
            Edition::Old => (&code.name_old, code.main_table_old.as_deref(), code.tables_old.iter().collect()),
            Edition::New => (&code.name_new, code.main_table_new.as_deref(), code.variants_new.values().collect()),
        };
        let Some(name) = name.as_deref().filter(|name| !name.is_empty()) else { continue };
        // Some names carry a remark on their source.
        let name = name.split(" (source").next().unwrap_or(name);
        let sets = sets.into_iter().filter(|set| main.is_none_or(|main| set.iter().any(|table| table == main))).collect();
        lines.push(serde_json::to_string(&Code { code: &code.code, name, main, sets })?);
    }
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

fn dictionaries(lists: &BTreeMap<String, serde_json::Value>, rules: &Rules) -> Result<String> {
    let mut lines = Vec::new();
    for (name, rule) in &rules.dictionary {
        let listed = match &rule.list {
            Some(list) => serde_json::from_value(lists.get(list).cloned().with_context(|| list.clone())?)?,
            None => rule.codes.clone(),
        };
        lines.push(serde_json::to_string(&Dictionary { name, codes: &listed, vendor: &rule.vendor })?);
    }
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}
