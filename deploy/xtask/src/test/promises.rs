//! Holds ARCHITECTURE.md to its table: each promise names a test that exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use walkdir::WalkDir;

/// One row of the table *promise | enforced in | test*.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    promise: String,
    tests: Vec<String>,
}

/// Fails when a row names no test, or one that is gone.
pub(crate) fn check(root: &Path) -> Result<String> {
    let page = root.join("ARCHITECTURE.md");
    let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let rows = rows_of(&text);
    ensure!(!rows.is_empty(), "ARCHITECTURE.md has no table `promise | enforced in | test`");
    let there = functions_below(root)?;
    let complaints: Vec<_> = rows.iter().flat_map(|row| complaints(row, &there)).collect();
    ensure!(complaints.is_empty(), "{} promises are not held:\n{}", complaints.len(), complaints.join("\n"));
    let named: usize = rows.iter().map(|row| row.tests.len()).sum();
    Ok(format!("{} promises, {named} tests named", rows.len()))
}

fn complaints(row: &Row, there: &BTreeSet<String>) -> Vec<String> {
    if row.tests.is_empty() {
        return vec![format!("  no test named: {}", row.promise)];
    }
    let gone = row.tests.iter().filter(|test| !there.contains(*test));
    gone.map(|test| format!("  `{test}` is gone: {}", row.promise)).collect()
}

fn rows_of(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        let cells = cells_of(line);
        if cells == ["promise", "enforced in", "test"] {
            inside = true;
        } else if !line.starts_with('|') {
            inside = false;
        } else if inside && !line.contains("---") {
            rows.push(row_of(&cells));
        }
    }
    rows
}

fn cells_of(line: &str) -> Vec<&str> {
    line.trim_matches('|').split(" | ").map(str::trim).collect()
}

fn row_of(cells: &[&str]) -> Row {
    let last = cells.get(2..).map(|rest| rest.join(" | ")).unwrap_or_default();
    // Every second piece stands between backticks; a path is looked up by its last part.
    let tests = last.split('`').skip(1).step_by(2).filter_map(|name| name.rsplit("::").next());
    Row { promise: cells.first().unwrap_or(&"").to_string(), tests: tests.map(str::to_owned).collect() }
}

/// Collects the names of all functions in Rust and Python sources, and all modules' names.
fn functions_below(root: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || (name != "target" && !name.starts_with('.'))
    };
    for entry in WalkDir::new(root).into_iter().filter_entry(wanted) {
        let entry = entry?;
        let keyword = match entry.path().extension().and_then(|extension| extension.to_str()) {
            Some("rs") => "fn ",
            Some("py") => "def ",
            _ => continue,
        };
        let text = fs::read_to_string(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
        names.extend(text.lines().filter_map(|line| function_in(line, keyword)));
    }
    Ok(names)
}

fn function_in(line: &str, keyword: &str) -> Option<String> {
    let line = line.trim_start();
    let at = line.find(keyword)?;
    let code = line[..at].is_empty() || line[..at].ends_with(' ') && !line.starts_with("//") && !line.starts_with('#');
    let name: String = line[at + keyword.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (code && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\n| promise | enforced in | test |\n|---|---|---|\n| nothing twice | `receive/order.rs` | `order::tests::a_replay_is_refused`, `x_y` |\n\nafter\n| a | b | c |\n";

    fn workspace(page: &str, source: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::write(root.path().join("ARCHITECTURE.md"), page).expect("write");
        fs::create_dir_all(root.path().join("a/src")).expect("create");
        fs::write(root.path().join("a/src/lib.rs"), source).expect("write");
        root
    }

    #[test]
    fn the_rows_of_that_table_only_are_read() {
        let tests = vec!["a_replay_is_refused".to_owned(), "x_y".to_owned()];
        assert_eq!(rows_of(PAGE), [Row { promise: "nothing twice".into(), tests }]);
    }

    #[test]
    fn tests_that_exist_satisfy_the_table() {
        let root = workspace(PAGE, "#[test]\nfn a_replay_is_refused() {}\n    async fn x_y() {}\n");
        assert_eq!(check(root.path()).expect("all is there"), "1 promises, 2 tests named");
    }

    #[test]
    fn a_test_that_is_gone_is_named() {
        let root = workspace(PAGE, "fn x_y() {}\n// fn a_replay_is_refused() {}\n");
        let error = check(root.path()).expect_err("one is gone").to_string();
        assert!(error.contains("`a_replay_is_refused` is gone") && !error.contains("`x_y`"), "{error}");
    }

    #[test]
    fn a_promise_without_a_test_is_a_failure() {
        let root = workspace("| promise | enforced in | test |\n|---|---|---|\n| hope | here | later |\n", "");
        assert!(check(root.path()).expect_err("no test").to_string().contains("no test named: hope"));
    }

    #[test]
    fn a_page_without_the_table_is_a_failure() {
        assert!(check(workspace("# Page\n", "").path()).is_err());
    }
}
