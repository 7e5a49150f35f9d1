//! Whom an account ignores.

use hubbub::dao::{Store, Write, Written};
use hubbub::protocol::{ErrorCode, UserId};

use super::keeping::{import, lines};
use super::{on_every_store, register_as, write, write_all};

fn ignore(account: i64, whom: i64, is_so: bool) -> Write {
    Write::Ignore { account: UserId(account), whom: UserId(whom), is_so }
}

fn ignored(store: &dyn Store, account: i64) -> Vec<i64> {
    store.ignored(UserId(account)).unwrap().into_iter().map(|id| id.0).collect()
}

#[test]
fn a_list_is_kept_and_goes_with_its_account() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &register_as(1, "tom"));
        write(&mut writer, &register_as(2, "ann"));
        for whom in [30, 2, 2] {
            assert_eq!(write(&mut writer, &ignore(1, whom, true)), Written::Done);
        }
        assert_eq!(ignored(&*store, 1), [2, 30]);
        assert_eq!(ignored(&*store, 2), [0; 0]);
        assert!(store.ignores(UserId(1), UserId(2)).unwrap());
        assert!(!store.ignores(UserId(2), UserId(1)).unwrap());
        let nobody = write(&mut writer, &ignore(9, 1, true));
        assert_eq!(nobody, Written::Refused(ErrorCode::UnknownUser));
        for _ in 0..2 {
            assert_eq!(write(&mut writer, &ignore(1, 30, false)), Written::Done);
        }
        assert_eq!(ignored(&*store, 1), [2]);
        let exported = lines(&store);
        let other = super::place("memory").unwrap().open();
        import(&other, &exported).unwrap();
        assert_eq!(ignored(&*other, 1), [2]);
        write(&mut writer, &Write::Delete { account: UserId(1), erase: false });
        write(&mut writer, &register_as(1, "another"));
        assert_eq!(ignored(&*store, 1), [0; 0], "what an earlier owner of the id did not want");
    });
}

#[test]
fn a_list_that_is_full_takes_no_more() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &register_as(1, "tom"));
        let many: Vec<_> = (1_000..1_501).map(|whom| ignore(1, whom, true)).collect();
        let mut written = write_all(&mut writer, &many);
        assert_eq!(written.pop(), Some(Written::Refused(ErrorCode::TooManyIgnored)));
        assert!(written.iter().all(|written| *written == Written::Done));
        assert_eq!(write(&mut writer, &ignore(1, 1_000, true)), Written::Done, "it is on it");
        assert_eq!(ignored(&*store, 1).len(), 500);
        write(&mut writer, &ignore(1, 1_000, false));
        assert_eq!(write(&mut writer, &ignore(1, 1_500, true)), Written::Done);
    });
}
