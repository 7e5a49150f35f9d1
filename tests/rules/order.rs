//! Whom a sanction hits, against a list that is looked through naively; and patterns against a
//! matcher too simple to be wrong.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use hubbub::protocol::{
    Against, Measure, Millis, NameKey, Party, Pattern, RoomNo, Sanction, SanctionKey, Subject,
    UserId,
};
use hubbub::state::Orders;
use proptest::prelude::*;

fn fits(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', behind @ ..], _) => {
            fits(behind, name) || (!name.is_empty() && fits(pattern, &name[1..]))
        }
        (['?', behind @ ..], [_, rest @ ..]) => fits(behind, rest),
        ([c, behind @ ..], [d, rest @ ..]) if c == d => fits(behind, rest),
        _ => false,
    }
}

fn against() -> impl Strategy<Value = Against> {
    prop_oneof![
        (1..6_i64).prop_map(|id| Against::One(UserId(id))),
        "[ab*?]{1,4}".prop_filter_map("a pattern", |text| Pattern::new(&text).map(Against::Names)),
        (0..4_u8, 24..33_u8)
            .prop_map(|(n, bits)| Against::Net(format!("10.0.0.{n}/{bits}").parse().unwrap())),
    ]
}

fn sanction() -> impl Strategy<Value = Sanction> {
    let measure = prop::sample::select(vec![Measure::Ban, Measure::Mute, Measure::Slow]);
    let place = prop::option::of((1..3_u64).prop_map(RoomNo));
    (place, measure, against(), prop::option::of(0..20_i64)).prop_map(
        |(place, measure, against, until)| Sanction {
            key: SanctionKey { place, measure, against },
            every: 0,
            reason: None,
            by: Party { id: UserId(1), name: "tom".into() },
            since: Millis(0),
            until: until.map(Millis),
        },
    )
}

proptest! {
    #[test]
    fn a_pattern_fits_what_a_naive_matcher_fits(pattern in "[ab*?]{1,8}", name in "[ab]{1,8}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let expected = fits(&chars(&pattern), &chars(&name));
        let key = NameKey::new(&name);
        prop_assert_eq!(Pattern::new(&pattern).unwrap().fits(key.as_ref()), expected);
    }

    #[test]
    fn who_is_hit_is_whom_the_list_names(
        done in prop::collection::vec((sanction(), prop::bool::weighted(0.8)), 0..12),
        id in 1..6_i64,
        name in prop::option::of("[ab]{1,3}"),
        last in 0..4_u8,
        keeps_order in any::<bool>(),
        now in 0..25_i64,
    ) {
        let (mut orders, mut list) = (Orders::default(), BTreeMap::new());
        for (sanction, is_set) in done {
            let key = sanction.key.clone();
            if is_set {
                orders.put(sanction.clone());
                list.insert(key, sanction);
            } else {
                prop_assert_eq!(orders.take(&key), list.remove(&key));
            }
        }
        let key = name.as_deref().and_then(NameKey::new);
        let address = IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        let ip = Some(address);
        let subject = Subject { id: UserId(id), name: key.as_ref(), ip, keeps_order };
        for place in [None, Some(RoomNo(1)), Some(RoomNo(2))] {
            let holds = |sanction: &&Sanction| {
                sanction.key.place == place && sanction.until.is_none_or(|until| now < until.0)
            };
            let listed: Vec<_> = list.values().filter(holds).cloned().collect();
            prop_assert_eq!(orders.list(place, Millis(now)), listed.clone());
            for measure in [Measure::Ban, Measure::Mute, Measure::Slow] {
                let hits = |sanction: &Sanction| {
                    sanction.key.measure == measure && match &sanction.key.against {
                        Against::One(one) => one.0 == id,
                        _ if keeps_order => false,
                        Against::Names(pattern) => pattern.fits(key.as_ref()),
                        Against::Net(net) => net.contains(address),
                    }
                };
                let found = orders.hit((place, measure), &subject, Millis(now));
                prop_assert_eq!(found.is_some(), listed.iter().any(hits));
                prop_assert!(found.is_none_or(hits));
            }
        }
    }
}
