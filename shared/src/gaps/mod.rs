//! Gap reports: what is missing, told to the sender by hand, and what the sender places once more because of it.
//!
//! [`report`] is the receiver's side: the signed report. [`sheet`] and [`qr`] put it on paper. [`owed`] is the sender's side: the list of packets that are
//! to be placed again beside live traffic. The forms themselves are `packets/GAPREPORT.md`.

pub mod owed;
pub mod qr;
pub mod report;
pub mod sheet;
