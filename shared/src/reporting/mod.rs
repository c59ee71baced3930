//! Reporting: what the inner station itself says to a platform, where a person settled that it does.
//!
//! - **Given** a lane's settings ([`lane`]): who reports a county's days, and by which way.
//! - **Gives** messages to the front machine and its responses back out; the daily log, built from the rows here, and sent once by the way that is configured ([`transport`]).
//! - **After a crash** a log whose request may have left waits for a named person: its guard was durable before the first byte left.
//! - **Never** sends anything where the lane only observes, nor a log of the source that is not configured, nor one whose numbers contradict its lists.

mod build;
mod by_itself;
mod decide;
pub mod decide_message;
pub mod lane;
mod messages;
pub mod request;
pub mod resubmit;
mod send;
pub mod show;
pub mod transport;
pub mod tries;

pub(crate) use by_itself::ByItself;
pub(crate) use messages::Looks;
