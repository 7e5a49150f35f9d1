//! The line front: placeholder.
use super::{Claim, Decoder, Front, Speech};
use crate::envelope::Dialect;
/// Row.
pub const FRONT: Front = Front {
    name: "line",
    about: "",
    claims: |_| Claim::No,
    decoder: || todo!(),
    dialect: |_: Speech| -> &'static Dialect { todo!() },
    admits_guests: true,
    idles: true,
};
