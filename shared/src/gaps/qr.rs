//! The rows of a gap report as a QR code: what a scanner types is what a person would.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as ISO/IEC 18004 asks for.
const QUIET: usize = 4;

/// Draws the rows, one behind the other without blanks, as an SVG image; `None` where there is no row.
pub fn rows_svg(rows: &[String]) -> Option<String> {
    let code = QrCode::with_error_correction_level(rows.concat(), EcLevel::M).ok().filter(|_| !rows.is_empty())?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (y, line) in colors.chunks(width).enumerate() {
        for (x, _) in line.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            path += &format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path fill="#000" d="{path}"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_rows_give_one_code_that_a_plain_scanner_reads_from_paper_and_no_row_gives_none() {
        let rows = vec!["123456789012345678901234567890".to_string(); 20];
        let svg = rows_svg(&rows).expect("600 digits fit");
        let modules: usize =
            svg.split("0 0 ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a side").parse().expect("a number");
        assert!(modules <= 77 + 2 * QUIET, "{modules} modules: more than version 15");
        assert_eq!(rows_svg(&[]), None);
    }
}
