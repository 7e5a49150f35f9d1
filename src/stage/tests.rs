use super::*;

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
    let stage = start("test", Guests::Welcome, source, lead, || {});
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
        if batch.is_empty() { Next::End } else { Next::At(now()) }
    };
    let stage = start("test", Guests::Welcome, source, lead, || {});
    inbox.enter(7).unwrap();
    stage.unwrap().join().unwrap();
    assert_eq!(batches.iter().collect::<Vec<_>>(), [1, 0]);
    assert_eq!(inbox.enter(8), Err(Ended));
}

#[test]
fn forty_senders_through_an_inbox_of_four() {
    const SENDERS: u32 = 40;
    const EACH: u32 = 500;
    enum Item {
        Said(u32, u32),
        Stored(Vec<(u32, u32)>),
    }
    let (hub, hub_source) = inbox::<Item>(4);
    let (journal, journal_source) = counted_inbox();
    let (shown, all) = bounded(1);
    let mut seen: Vec<Vec<u32>> = (0..SENDERS).map(|_| Vec::new()).collect();
    let jobs = journal.clone();
    let lead_hub = move |batch: &mut Vec<Item>| {
        for item in batch.drain(..) {
            match item {
                Item::Said(sender, n) => jobs.put((sender, n)).unwrap(),
                Item::Stored(stored) => {
                    stored.into_iter().for_each(|(sender, n)| seen[sender as usize].push(n));
                }
            }
        }
        if seen.iter().map(Vec::len).sum::<usize>() < (SENDERS * EACH) as usize {
            return Next::Wait;
        }
        shown.send(std::mem::take(&mut seen)).unwrap();
        Next::End
    };
    let stored = hub.clone();
    let lead_journal = move |batch: &mut Vec<(u32, u32)>| {
        // An empty batch was taken by somebody else.
        if !batch.is_empty() {
            stored.put(Item::Stored(std::mem::take(batch))).unwrap();
        }
        Next::Wait
    };
    let (settled, led) = (journal.clone(), hub.clone());
    start("a", Guests::Welcome, hub_source, lead_hub, move || settled.settle()).unwrap();
    start("b", Guests::Welcome, journal_source, lead_journal, move || led.lead()).unwrap();
    let senders = (0..SENDERS).map(|sender| {
        let (hub, journal) = (hub.clone(), journal.clone());
        let say = move || {
            (0..EACH).for_each(|n| {
                lead_around(&hub, Item::Said(sender, n), &journal).unwrap();
            });
        };
        threads::spawn("sender", say).unwrap()
    });
    senders.collect::<Vec<_>>().into_iter().for_each(|sender| sender.join().unwrap());
    let all = all.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
    let in_order: Vec<u32> = (0..EACH).collect();
    assert!(all.iter().all(|seen| *seen == in_order));
}
