//! Whether the state is gone or an older copy: what the next start would say, told beforehand.
//!
//! Given: packet log and store, read only, beside whoever writes them. Gives: the fault that the next start stops with. Never: a word about lines that the state
//! remembers already.

use crate::engine::check_arrivals;
use crate::error::{EngineFault, LogFault};
use crate::lang::Lang;
use crate::log::newest_evidence;
use crate::seams::real_files::RealFiles;
use crate::station::Station;
use crate::store::Store;
use crate::trouble::Trouble;

/// The code of the trouble.
pub(super) const STATE_BEHIND: &str = "state-behind";

/// Gives the trouble of a state that does not know what the packet log names.
///
/// # Errors
/// [`EngineFault::Store`] when the state cannot be read.
pub(super) fn behind(station: &Station, store: &mut dyn Store) -> Result<Option<Trouble>, EngineFault> {
    Ok(state_fault(station, store)?.as_ref().map(trouble))
}

/// Gives the fault of a state that does not know what the packet log names; a log that cannot be read says nothing.
///
/// # Errors
/// [`EngineFault::Store`] when the state cannot be read.
pub fn state_fault(station: &Station, store: &mut dyn Store) -> Result<Option<EngineFault>, EngineFault> {
    let (files, dir) = (RealFiles::new(), station.log_dir());
    let remembered = store.load()?.log.map_or(0, |head| head.size);
    for at in 0.. {
        let Ok(Some(evidence)) = newest_evidence(&files, &dir, remembered, at) else { break };
        // The state is asked after the log was read: a line is never there before the state knows what it says.
        let (found, expected) = (store.load()?.number, evidence.newest_number());
        let judged = if expected > found {
            Err(LogFault::StateBehind { found, expected }.into())
        } else {
            check_arrivals(&evidence, store)
        };
        match judged {
            Err(fault @ EngineFault::Log(_)) => return Ok(Some(fault)),
            other => other?,
        }
    }
    Ok(None)
}

fn trouble(fault: &EngineFault) -> Trouble {
    let [zh, en] = [Lang::Zh, Lang::En].map(|lang| fault.sentence(lang));
    Trouble { code: STATE_BEHIND.into(), journal: zh.clone(), zh, en }
}
