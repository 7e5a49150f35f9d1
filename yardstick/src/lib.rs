//! The yardstick: measures chat servers side by side.
//!
//! One thread and one epoll set, so that it costs little beside the server. In reading order:
//! [`stamp`] what every text begins with; [`histogram`]; [`clock`] and [`proc`], what time and
//! the kernel say; [`dialect`] the wire languages; [`scan`] stamps out of bytes; [`crowd`] the
//! connections; [`sequence`] what every receiver has to have; [`workload`] what is measured;
//! [`report`] the results. It knows nothing of the server's insides.

pub mod clock;
pub mod crowd;
pub mod dialect;
pub mod histogram;
pub mod proc;
pub mod report;
pub mod scan;
pub mod sequence;
pub mod stamp;
pub mod workload;
