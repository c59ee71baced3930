//! `dukou-inner`: the station on the business intranet (业务内网).

use std::process::ExitCode;

fn main() -> ExitCode {
    dukou_shared::command::main(dukou_packets::keyring::Side::Inner)
}
