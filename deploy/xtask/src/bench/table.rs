//! The Markdown table of one workload.

use dukou_rehearsal::table::Table;

use super::measure::{Series, median};

/// Lays out all rows; the last column compares the product with each row, round by round.
pub(super) fn render(all: &[Series], product: &str) -> String {
    let mut table = Table::new([
        "row",
        "durability",
        "wall s, median (min–max)",
        "CPU s",
        "wire bytes",
        &format!("{product} ÷ row, median (min–max)"),
        "note",
    ]);
    for series in all {
        table.row(cells(all, series, product));
    }
    table.markdown()
}

fn cells(all: &[Series], series: &Series, product: &str) -> [String; 7] {
    let start = [series.name.clone(), series.durability.word().to_owned()];
    let rest = match &series.skipped {
        Some(why) => ["skipped".to_owned(), String::new(), String::new(), String::new(), why.clone()],
        None => [
            spread(series.runs.iter().map(|run| run.wall).collect()),
            spread_middle(series.runs.iter().map(|run| run.cpu).collect()),
            series.wire().map(|bytes| bytes.to_string()).unwrap_or_default(),
            compared(all, series, product),
            note(series),
        ],
    };
    let mut cells = start.into_iter().chain(rest);
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

fn compared(all: &[Series], series: &Series, product: &str) -> String {
    let Some(product) = Series::named(all, product).filter(|product| product.name != series.name) else {
        return String::new();
    };
    spread(product.runs.iter().zip(&series.runs).map(|(product, row)| product.wall / row.wall).collect())
}

fn note(series: &Series) -> String {
    let busiest = series.runs.iter().map(|run| run.foreign).fold(0.0, f64::max);
    if busiest > 0.35 { format!("others used up to {busiest:.2} cores") } else { String::new() }
}

fn spread(values: Vec<f64>) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    median(values).map(|middle| format!("{middle:.2} ({least:.2}–{most:.2})")).unwrap_or_default()
}

fn spread_middle(values: Vec<f64>) -> String {
    median(values).map(|middle| format!("{middle:.2}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::{Durability, Run};

    #[test]
    fn a_missing_peer_is_a_row_that_says_so() {
        let run = |wall| Run { wall, cpu: 1.0, foreign: 0.0, wire: Some(7) };
        let all = [
            Series {
                name: "dukou".into(),
                durability: Durability::Group,
                skipped: None,
                runs: vec![run(2.0), run(3.0), run(4.0)],
            },
            Series { name: "cp".into(), durability: Durability::None, skipped: None, runs: vec![run(1.0), run(1.0), run(1.0)] },
            Series {
                name: "nncp".into(),
                durability: Durability::Strict,
                skipped: Some("nncp-file is missing".into()),
                runs: vec![],
            },
        ];
        let text = render(&all, "dukou");
        assert!(text.contains("| dukou | group | 3.00 (2.00–4.00) | 1.00 | 7 |  |  |"), "{text}");
        assert!(text.contains("| cp | none | 1.00 (1.00–1.00) | 1.00 | 7 | 3.00 (2.00–4.00) |  |"), "{text}");
        assert!(text.contains("| nncp | strict | skipped |  |  |  | nncp-file is missing |"), "{text}");
    }
}
