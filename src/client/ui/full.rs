//! The full screen: rooms and people beside the talk, a line to type in below.
//!
//! `model` is what is known and what becomes of keys and updates, `draw` makes a picture of it;
//! both are pure. `run` joins them with the terminal and the connection, on the main thread.

mod asking;
mod colour;
mod draw;
mod editor;
mod input;
mod keyboard;
mod keymap;
mod keys;
mod model;
mod run;
mod talk;
mod terminal;
#[cfg(test)]
mod tests;
mod wrap;

pub(super) use keymap::listed as keys;
pub(super) use run::run;
