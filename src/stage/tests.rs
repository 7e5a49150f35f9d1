use super::*;
use crate::clock;

#[test]
fn what_waits_is_one_batch_in_order_and_the_end_is_the_inbox_gone() {
    let (inbox, source) = inbox(10);
    for n in 0..5 {
        inbox.enter(n).unwrap();
    }
    let (seen, batches) = bounded(10);
    let lead = move |batch: &mut Vec<i32>| {
        seen.send(batch.clone()).unwrap();
        Next::Wait
    };
    let stage = start("test", source, lead, || {});
    assert_eq!(batches.recv().unwrap(), [0, 1, 2, 3, 4]);
    drop(inbox);
    stage.unwrap().join().unwrap();
    assert!(batches.recv().is_err());
}

#[test]
fn a_moment_brings_an_empty_batch() {
    let (inbox, source) = inbox(1);
    let (seen, batches) = bounded(10);
    let lead = move |batch: &mut Vec<i32>| {
        seen.send(batch.len()).unwrap();
        if batch.is_empty() { Next::End } else { Next::At(clock::now()) }
    };
    let stage = start("test", source, lead, || {});
    inbox.enter(7).unwrap();
    stage.unwrap().join().unwrap();
    assert_eq!(batches.iter().collect::<Vec<_>>(), [1, 0]);
    assert_eq!(inbox.enter(8), Err(Ended));
}
