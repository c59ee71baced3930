//! A case of daily logs that left, and of what named persons decided about them and about messages.

use dukou_packets::log::line::Event;

use super::{Bench, outer_log, write};

fn told([county, day, code, operator]: [&str; 4]) -> Event {
    let [county, day, code, operator] = [county, day, code, operator].map(str::to_owned);
    Event::Reporting { county, day, code, operator }
}

pub(super) fn cases(bench: &mut Bench) {
    let lines = [
        ["150721", "2026-11-21", "anyway", "zhang"],
        ["150721", "2026-11-21", "sending", "zhang"],
        ["150721", "2026-11-21", "sending", ""],
        ["150721", "2026-11-21", "send-again", "li"],
        ["150721", "2026-11-21", "taken", "li"],
        ["150721", "", "place-again", "li"],
        ["150721", "", "there", "li"],
    ];
    let mut log = outer_log();
    log.segments[2].events.splice(0..0, lines.map(told));
    let files = write(&log, "log").files();
    bench.push("PASS", "", "outer log: daily logs that left, and decisions about them and about messages".to_owned(), files);
}
