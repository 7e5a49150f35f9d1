//! The byte path to one peer that reads as fast as it can: a push is a send, as long as the
//! kernel takes it.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use hubbub::clock;
use hubbub::envelope::Bytes;
use hubbub::outbox::{Flusher, MAX_QUEUED, Outbox};
use hubbub::threads;

use crate::harness::measure;

pub fn run() {
    for size in [100, 290, 4_096] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let reading = threads::spawn("reads-all", move || {
            let mut buffer = vec![0; 256 * 1024];
            while peer.read(&mut buffer).unwrap() > 0 {}
        });
        let (flusher, flushing) = Flusher::start().unwrap();
        let outbox = Outbox::new(Arc::new(stream), flusher, None);
        let bytes: Bytes = vec![b'x'; size].into();
        measure(&format!("outbox: a push of {size} bytes"), 1, || {
            if outbox.push(&bytes, &[]).is_err() {
                let soon = clock::now() + Duration::from_secs(10);
                assert!(outbox.wait_below(MAX_QUEUED / 2, soon), "the peer does not read");
            }
        });
        outbox.cut();
        drop(outbox);
        flushing.join().unwrap();
        reading.unwrap().join().unwrap();
    }
}
