//! The registration log of a day (登簿日志): totals and lists that agree with the messages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Day, NamedFile, Registration};

/// Writes one log a county and day, in the order of day and county, for the given registrations.
pub fn day_logs(registrations: &[Registration]) -> Vec<NamedFile> {
    let mut days: BTreeMap<(Day, &str), Vec<&Registration>> = BTreeMap::new();
    for registration in registrations {
        days.entry((registration.day, registration.area)).or_default().push(registration);
    }
    days.into_iter().map(|((day, area), entries)| log_of(day, area, &entries)).collect()
}

fn log_of(day: Day, area: &str, entries: &[&Registration]) -> NamedFile {
    let mut xml = String::new();
    let name = entries.first().map_or("", |entry| entry.area_name);
    let _ = write!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<AccessLogs>\n  <AccessLog>\n    <AreaCode>{area}</AreaCode>\n    \
         <AreaName>{name}</AreaName>\n    <AccessDate>{day}</AccessDate>\n    <Remark></Remark>\n"
    );
    totals(&mut xml, "RegisterInfo", entries);
    totals(&mut xml, "AccessInfo", entries);
    lists(&mut xml, entries);
    xml.push_str("  </AccessLog>\n</AccessLogs>\n");
    NamedFile { name: format!("LogBiz{area}-{day}213000.xml"), bytes: xml.into_bytes() }
}

fn totals(xml: &mut String, element: &str, entries: &[&Registration]) {
    let count = |register: &str| entries.iter().filter(|entry| entry.register == register).count();
    let (first, transfer) = (count("100"), count("200"));
    let kinds = usize::from(first > 0) + usize::from(transfer > 0);
    let _ = writeln!(
        xml,
        "    <{element} totalNum=\"{}\" firstReg=\"{first}\" transferReg=\"{transfer}\" changeReg=\"0\" logoutReg=\"0\" riviseReg=\"0\" \
         dissentingReg=\"0\" advanceReg=\"0\" seizeReg=\"0\" otherReg=\"0\" businessTypeCount=\"{kinds}\"/>",
        entries.len()
    );
}

fn lists(xml: &mut String, entries: &[&Registration]) {
    let _ = writeln!(xml, "    <RegisterList totalNum=\"{}\">", entries.len());
    for entry in entries {
        let _ = writeln!(
            xml,
            "      <Register YWH=\"{}\" DJLX=\"{}\" QLLX=\"{}\" BDCDYH=\"{}\" ZSZMH=\"{}\" SFSB=\"1\" BWID=\"{}\"/>",
            entry.case, entry.register, entry.right, entry.unit, entry.certificate, entry.message_id
        );
    }
    let _ = writeln!(xml, "    </RegisterList>\n    <AccessList totalNum=\"{}\">", entries.len());
    for entry in entries {
        let _ = writeln!(xml, "      <Access BWID=\"{}\" YWH=\"{}\" BDCDYH=\"{}\"/>", entry.message_id, entry.case, entry.unit);
    }
    xml.push_str("    </AccessList>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Messages;

    #[test]
    fn the_logs_name_every_message_once_under_its_county_and_day() {
        let messages: Vec<_> = Messages::new(5).take(2_000).collect();
        let registrations: Vec<_> = messages.iter().map(|message| message.registration.clone()).collect();
        let logs = day_logs(&registrations);
        assert!(logs.len() > 4, "two thousand messages span several days");
        let all: String = logs.iter().map(|log| String::from_utf8_lossy(&log.bytes).into_owned()).collect();
        for message in &messages {
            assert_eq!(all.matches(&format!("<Access BWID=\"{}\"", message.id)).count(), 1);
        }
        let first = &logs[0];
        assert!(first.name.starts_with("LogBiz1507") && first.name.ends_with("213000.xml"), "{}", first.name);
    }

    #[test]
    fn the_totals_are_the_length_of_the_lists() {
        let registrations: Vec<_> = Messages::new(6).take(30).map(|message| message.registration).collect();
        for log in day_logs(&registrations) {
            let text = String::from_utf8(log.bytes).expect("the logs are UTF-8");
            let rows = text.matches("<Register ").count();
            assert_eq!(text.matches(&format!("totalNum=\"{rows}\"")).count(), 4);
        }
    }
}
