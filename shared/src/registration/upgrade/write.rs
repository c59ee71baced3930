//! Writing the upgraded message, as messages of the new edition look: head fields and attributes in the order of their names.

use super::NewRow;

/// What stands at the head of the file, so that nobody takes it for a message that may be reported.
const MARK: &str = "<!-- 未签名 UNSIGNED：由旧版报文升级而来，尚不能上报。须由登记系统核对、补填、重新编号并签名。 \
                    Upgraded from the old edition; not to be reported before the registration system has checked, completed, numbered and signed it. -->";

pub(super) fn head(head: &[(String, String)]) -> String {
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{MARK}\n<Message>\n    <Head>\n");
    for (name, value) in in_order(head) {
        text += &format!("        <{name}>{}</{name}>\n", escaped(value));
    }
    text + "    </Head>\n    <Data>\n"
}

pub(super) fn row(text: &mut String, (table, cells): &NewRow) {
    *text += &format!("        <{table}");
    for (name, value) in in_order(cells) {
        *text += &format!(" {name}=\"{}\"", escaped(value));
    }
    text.push_str("/>\n");
}

pub(super) fn end(text: String) -> String {
    text + "    </Data>\n</Message>\n"
}

fn in_order(cells: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut cells: Vec<(&str, &str)> = cells.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    cells.sort_unstable();
    cells
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\t' | '\n' | '\r' => text.push_str(&format!("&#{};", u32::from(letter))),
            _ => text.push(letter),
        }
    }
    text
}
