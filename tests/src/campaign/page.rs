//! The campaign's table, as tests/CAMPAIGN.md shows it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use dukou_rehearsal::table::Table;

use super::faults::{FAULTS, INVARIANTS};
use super::{Ended, Ground, Options, Outcome, Pace};

/// Writes the whole page.
pub fn page(options: &Options, outcomes: &[Outcome]) -> String {
    let Options { seed, minutes, pace, .. } = options;
    let broken = outcomes.iter().filter(|outcome| matches!(outcome.ended, Ended::Broken(_))).count();
    let quick = if *pace == Pace::Quick { " --quick" } else { "" };
    let mut text = format!(
        "# 故障演练结果 / The fault campaign\n\n由 `cargo xtask campaign` 写成，请勿手改。每种故障都真的发生过才算数；这台机器上做不到的写明原因。\n\n\
         Written by `cargo xtask campaign --seed {seed} --minutes {minutes}{quick}`; do not edit. A fault counts when it really happened; what this machine \
         cannot provoke is listed with the reason.\n\n{}\n{} scenarios, {broken} failed.\n\n",
        conditions(),
        outcomes.len()
    );
    text.push_str(&table(outcomes).markdown());
    text.push_str("\n## Invariants\n");
    for (number, invariant) in (1..).zip(INVARIANTS) {
        text.push_str(&format!("- I{number}: {invariant}\n"));
    }
    text
}

fn conditions() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let date = said("date", &["-u", "+%Y-%m-%d"]).unwrap_or_default();
    let system = said("findmnt", &["-n", "-o", "FSTYPE", "-T", &std::env::temp_dir().to_string_lossy()]).unwrap_or_default();
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // The version alone: what follows it names a build.
    let kernel: Vec<&str> = release.trim().split(['.', '-']).take(2).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let who = if rustix::process::geteuid().is_root() { "root" } else { "no root" };
    format!("{date}, {cores} cores, Linux {}, {system}, {who}.", kernel.join("."))
}

/// One row a fault.
pub fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(["fault", "how", "real fired", "simulated fired", "invariants checked", "failures", "note"]);
    for fault in FAULTS {
        let of: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.scenario.fault == fault.number).collect();
        if of.is_empty() {
            continue;
        }
        table.row([
            format!("F{} {} → {}", fault.number, fault.what, fault.expected),
            joined(of.iter().map(|outcome| format!("`{}` {}", outcome.scenario.name, outcome.scenario.how))),
            fired(&of, Ground::Real),
            fired(&of, Ground::Simulated),
            invariants(&of),
            of.iter().filter(|outcome| matches!(outcome.ended, Ended::Broken(_))).count().to_string(),
            joined(of.iter().flat_map(|outcome| remarks(outcome))),
        ]);
    }
    table
}

fn fired(of: &[&Outcome], ground: Ground) -> String {
    let mut on = of.iter().filter(|outcome| outcome.scenario.ground == ground).peekable();
    if on.peek().is_none() {
        return "–".to_owned();
    }
    on.map(|outcome| outcome.fired).sum::<u64>().to_string()
}

fn invariants(of: &[&Outcome]) -> String {
    let checked: BTreeSet<u8> = of.iter().flat_map(|outcome| outcome.checked.iter().copied()).collect();
    checked.into_iter().map(|number| format!("I{number}")).collect::<Vec<_>>().join(" ")
}

fn remarks(outcome: &Outcome) -> Vec<String> {
    let name = outcome.scenario.name;
    let ended = match &outcome.ended {
        Ended::Held => None,
        Ended::LeftOut(reason) => Some(format!("`{name}` left out: {reason}")),
        Ended::Broken(why) => Some(format!("`{name}` FAILED: {}", why.lines().next().unwrap_or_default())),
    };
    ended.into_iter().chain(outcome.notes.iter().map(|note| format!("`{name}`: {note}"))).collect()
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().map(|part| part.replace('|', "/")).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::campaign::Scenario;

    #[test]
    fn a_row_tells_what_fired_where_and_what_was_left_out() {
        let outcome = |name, ground, ended, fired| Outcome {
            scenario: Scenario { fault: 6, name, how: "somehow", ground, run: |_| Ok(()) },
            ended,
            fired,
            checked: BTreeSet::from([1, 4]),
            notes: vec!["as | expected".to_owned()],
            took: Duration::ZERO,
        };
        let outcomes = [
            outcome("a", Ground::Real, Ended::Held, 3),
            outcome("b", Ground::Real, Ended::LeftOut("no root".to_owned()), 0),
            outcome("c", Ground::Simulated, Ended::Broken("lost\nmore".to_owned()), 5),
        ];
        let text = table(&outcomes).markdown();
        let row = text.lines().last().unwrap();
        assert!(row.contains("| 3 | 5 | I1 I4 | 1 |"), "{row}");
        assert!(row.contains("`b` left out: no root") && row.contains("`c` FAILED: lost") && !row.contains("more"), "{row}");
        assert_eq!(row.matches(" | ").count(), 6, "{row}");
    }
}
