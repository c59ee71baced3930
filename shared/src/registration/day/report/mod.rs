//! The day as people and programs read it. Every form is a function of the day: the same day gives the same bytes.

mod csv;
mod html;
mod json;
mod tables;
mod text;
mod xlsx;

pub use csv::csv;
pub use html::html;
pub use json::json;
pub use text::text;
pub use xlsx::{XlsxFault, xlsx};
