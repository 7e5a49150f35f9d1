//! The frame front: placeholder.
use super::{Claim, Decoder, Front, Speech};
use crate::envelope::Dialect;
/// Row.
pub const FRONT: Front = Front {
    name: "frame",
    about: "",
    claims: |_| Claim::No,
    decoder: || todo!(),
    dialect: |_: Speech| -> &'static Dialect { todo!() },
    admits_guests: false,
    idles: false,
};
