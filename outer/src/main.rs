//! `dukou-outer`: the station on the government extranet (政务外网).

use std::process::ExitCode;

fn main() -> ExitCode {
    dukou_shared::command::main(dukou_packets::keyring::Side::Outer)
}
