//! Clients that say hello: acknowledgements, references, devices, and where what was missed meets
//! what is said now.

mod asking;
mod devices;
mod replay;
mod resume;
mod sends;
