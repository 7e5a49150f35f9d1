//! Raw peers, one for each way of speaking to the server: what they say and expect is spelled by
//! hand here, and not by the code under test.

mod course;
mod extended;
mod json;
mod line;

pub use course::{Course, frame, registration};
pub use extended::{Extended, Said, message};
pub use json::quote;
pub use line::Line;
