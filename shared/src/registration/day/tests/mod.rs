//! The day as a whole: generated days with every kind of difference planted, and the day of the sample messages.

mod days;
mod generated;
mod logs;
mod marks;
mod reports;
mod sample;
mod stored;
