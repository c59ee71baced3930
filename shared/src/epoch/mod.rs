//! Epochs: what a station does when it, or its peer, goes on from an older copy of its state or is another one altogether.
//!
//! [`restored`] notices it and holds what comes in; [`opening`] opens a new epoch behind what the receiver really has; [`accepting`] takes one on;
//! [`reseal`] seals the records of retained packets anew, so that nothing between the two is lost; [`peer`] puts one peer in another's place.

pub(crate) mod accepting;
pub(crate) mod decisions;
pub(crate) mod echo;
pub mod opening;
pub(crate) mod peer;
pub(crate) mod repeats;
pub(crate) mod reseal;
pub mod restored;
pub mod runs;

/// The hold of channels whose sender went on from an older copy of its state.
pub(crate) const RESTORED: &str = "restored";

/// The hold of all channels that come in while this station itself goes on from an older copy of its state.
pub(crate) const RESTORED_HERE: &str = "restored-here";

/// The hold of a channel whose new epoch does not begin behind what is here.
pub(crate) const EPOCH: &str = "epoch";

/// Below which folder of a sink files go that may have been delivered before this station was restored.
pub(crate) const AGAIN: &str = "again";
