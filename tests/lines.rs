//! Lines: what people at `telnet` and `nc` see, byte for byte, against the running server.

mod accounts;
mod framing;
mod hostile;
mod limits;
mod room;
