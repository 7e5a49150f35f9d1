use std::io::Read;
use std::net::TcpListener;

use super::*;
use crate::protocol::{MessageId, RoomId};

fn bytes(text: &[u8]) -> Bytes {
    text.into()
}

fn pair() -> (TcpStream, Arc<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let ours = listener.accept().unwrap().0;
    transport::tune(&ours).unwrap();
    (peer, Arc::new(ours))
}

fn outbox(cut: Option<Cut>) -> (TcpStream, Arc<Outbox>) {
    let (peer, ours) = pair();
    let (flusher, _thread) = Flusher::start().unwrap();
    (peer, Outbox::new(ours, flusher, cut))
}

#[test]
fn bytes_arrive_in_order_through_kernel_and_queue() {
    let (mut peer, outbox) = outbox(None);
    let mut expected = Vec::new();
    for n in 0..60_000_u32 {
        let piece = format!("{n},").repeat(10);
        expected.extend_from_slice(piece.as_bytes());
        outbox.push(&bytes(piece.as_bytes()), &[]).unwrap();
    }
    assert!(outbox.lock().queued > 0, "the kernel took it all: nothing was tested");
    outbox.finish(&bytes(b"bye"));
    expected.extend_from_slice(b"bye");
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert!(heard == expected, "{} bytes of {}", heard.len(), expected.len());
    assert!(outbox.wait_shut(clock::now() + Duration::from_secs(5)));
    assert_eq!(outbox.push(&bytes(b"late"), &[]), Err(PushError::Gone));
}

#[test]
fn a_full_outbox_takes_nothing_and_says_why_it_ends() {
    let (mut peer, outbox) = outbox(None);
    let piece = bytes(&[b'x'; 64 * 1024]);
    let full = (0..200).find_map(|_| outbox.push(&piece, &[]).err());
    assert_eq!(full, Some(PushError::Full));
    assert!(outbox.lock().queued <= MAX_QUEUED);
    outbox.cut_short(&bytes(b"too slow"));
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert!(heard.ends_with(b"xtoo slow"));
    assert_eq!((heard.len() - 8) % piece.len(), 0, "the write that was begun is whole");
}

#[test]
fn who_never_reads_is_cut_at_the_deadline() {
    let (_peer, outbox) = outbox(None);
    let piece = bytes(&[b'x'; 64 * 1024]);
    while outbox.push(&piece, &[]).is_ok() {}
    outbox.finish(&bytes(b"bye"));
    let mut reader = transport::Reader::new(Arc::clone(&outbox.stream));
    // The session's thread is woken by the cut.
    let heard = reader.hear(Some(4 * FAREWELL_TIME));
    assert!(matches!(heard, transport::Heard::End | transport::Heard::Broken), "{heard:?}");
    assert_eq!(outbox.lock().phase, Phase::Gone);
}

#[test]
fn a_cut_dialect_gets_whole_frames_per_write() {
    fn by_newline(bytes: &[u8], segment: usize) -> usize {
        let ends = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
        let first = ends.clone().next().unwrap_or(bytes.len());
        ends.take_while(|end| *end <= segment).last().unwrap_or(first)
    }
    let (_peer, outbox) = outbox(Some(by_newline));
    let inner = outbox.lock();
    let mut inner = inner;
    inner.cut = Some((by_newline, 8));
    let text = bytes(b"ab\ncd\nefghijklmnop\nq\n");
    let mut ends = vec![0];
    while *ends.last().unwrap() < text.len() {
        let from = *ends.last().unwrap();
        ends.push(from + inner.one_write(&text, from));
    }
    assert_eq!(ends, [0, 6, 19, 21]);
    let socket = Socket { stream: &outbox.stream, is_cut: inner.cut.is_some() };
    assert!(socket.flags().contains(rustix::net::SendFlags::EOR));
}

#[test]
fn marks_count_as_taken_when_their_bytes_have_left_the_kernels() {
    let (mut peer, outbox) = outbox(None);
    outbox.keep_marks();
    let reader = crate::threads::spawn("reader", move || {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).unwrap();
        (peer, all.len())
    });
    const PIECE: usize = 64 * 1024;
    const N: u64 = 1000;
    let piece = bytes(&[b'x'; PIECE]);
    let mut passed = Vec::new();
    for id in 1..=N {
        assert!(outbox.wait_below(0, clock::now() + Duration::from_secs(10)));
        passed.extend(outbox.push(&piece, &[(RoomId::Lobby, MessageId(id))]).unwrap());
    }
    let last = passed.last().unwrap().1.0;
    let held = HELD_BY_KERNELS / PIECE as u64;
    assert!(last <= N - held && last > N - held - 10, "{last}");
    assert!(passed.is_sorted_by_key(|(_, id)| id.0), "{passed:?}");
    assert!(outbox.lock().marks.as_mut().unwrap().all().len() <= 130);
    outbox.finish(&bytes(b""));
    assert_eq!(reader.unwrap().join().unwrap().1, 1000 * PIECE);
}

#[test]
fn many_pushers_and_a_slow_reader_lose_and_reorder_nothing() {
    let (mut peer, outbox) = outbox(None);
    let pushers: Vec<_> = (0..4_u8)
        .map(|who| {
            let outbox = Arc::clone(&outbox);
            let push = move || {
                for n in 0..2_000_u32 {
                    let mut piece = vec![who; 500];
                    piece[1..5].copy_from_slice(&n.to_be_bytes());
                    assert!(outbox.wait_below(100_000, clock::now() + Duration::from_secs(20)));
                    outbox.push(&piece.into(), &[]).unwrap();
                }
            };
            crate::threads::spawn("pusher", push).unwrap()
        })
        .collect();
    let mut next = [0_u32; 4];
    for _ in 0..4 * 2_000 {
        let mut piece = [0; 500];
        peer.read_exact(&mut piece).unwrap();
        let who = usize::from(piece[0]);
        assert_eq!(u32::from_be_bytes(piece[1..5].try_into().unwrap()), next[who]);
        next[who] += 1;
    }
    pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
}

#[test]
fn sealed_bytes_arrive_in_order_and_a_record_holds_whole_frames() {
    fn by_newline(bytes: &[u8], room: usize) -> usize {
        let fits = bytes.get(..room).unwrap_or(bytes);
        fits.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1)
    }
    let (mut peer, outbox) = outbox(Some(by_newline));
    let (server, mut client) = tls::tests::pair();
    outbox.seal(server);
    let (mut expected, mut n) = (Vec::new(), 0_u32);
    while outbox.lock().queued < 1_000_000 {
        let piece = format!("{n},{}\n", "y".repeat(n as usize % 5_000)).repeat(3);
        expected.extend_from_slice(piece.as_bytes());
        outbox.push(&bytes(piece.as_bytes()), &[]).unwrap();
        n += 1;
    }
    assert!(outbox.lock().sealed <= tls::RECORD);
    let counted = |inner: MutexGuard<'_, Inner>| inner.sent + inner.queued as u64;
    assert_eq!(counted(outbox.lock()), expected.len() as u64, "plain text is counted");
    outbox.finish_within(Duration::from_secs(20), &bytes(b"bye"));
    expected.extend_from_slice(b"bye");
    let mut heard = Vec::new();
    let mut record = [0; 5];
    while peer.read_exact(&mut record).is_ok() {
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        let mut sealed = [&record[..], &vec![0; length]].concat();
        peer.read_exact(&mut sealed[5..]).unwrap();
        let opened = client.open(&sealed, &mut heard).unwrap();
        let is_last = opened == tls::Opened::Ended || heard.ends_with(b"bye");
        assert!(is_last || heard.ends_with(b"\n"), "a frame was torn");
    }
    assert!(heard == expected, "{} bytes of {}", heard.len(), expected.len());
    assert_eq!(outbox.lock().sent, expected.len() as u64);
    assert!(outbox.wait_shut(clock::now() + Duration::from_secs(5)));
}

#[test]
fn a_sealed_outbox_that_is_cut_short_ends_with_a_goodbye() {
    let (mut peer, outbox) = outbox(None);
    let (server, mut client) = tls::tests::pair();
    outbox.seal(server);
    let piece = bytes(&[b'x'; 64 * 1024]);
    let full = (0..200).find_map(|_| outbox.push(&piece, &[]).err());
    assert_eq!(full, Some(PushError::Full));
    outbox.cut_short(&bytes(b"too slow"));
    let (mut sealed, mut heard) = (Vec::new(), Vec::new());
    peer.read_to_end(&mut sealed).unwrap();
    assert_eq!(client.open(&sealed, &mut heard), Ok(tls::Opened::Ended));
    assert!(heard.ends_with(b"xtoo slow"));
    assert_eq!((heard.len() - 8) % piece.len(), 0, "the write that was begun is whole");
}
