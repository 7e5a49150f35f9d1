//! The one place that writes to a peer's socket, and never waits for it.

use std::io::{self, IoSlice, Write};
use std::net::TcpStream;

use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendFlags, send, sendmsg};

/// A socket to write to.
#[derive(Debug)]
pub(super) struct Socket<'a> {
    pub(super) stream: &'a TcpStream,
    /// Writes are not to be joined in one segment: the peer takes a short read for a whole frame.
    pub(super) is_cut: bool,
}

impl Socket<'_> {
    /// How much the kernel took; `None`: it has no room.
    pub(super) fn offer(&self, part: &[u8]) -> io::Result<Option<usize>> {
        match send(self.stream, part, self.flags()) {
            Ok(sent) => Ok(Some(sent)),
            Err(Errno::INTR) => Ok(Some(0)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// MSG_EOR keeps the kernel from joining this write with the next in one segment.
    pub(super) fn flags(&self) -> SendFlags {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        if self.is_cut { flags | SendFlags::EOR } else { flags }
    }
}

/// For what is sealed. `WouldBlock`: the kernel has no room.
impl Write for Socket<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        Ok(send(self.stream, part, self.flags())?)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(sendmsg(self.stream, parts, &mut SendAncillaryBuffer::default(), self.flags())?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
