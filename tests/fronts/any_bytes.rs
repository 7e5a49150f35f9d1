//! What holds for every input of every front.

use hubbub::front::{self, FRONTS};
use hubbub::protocol::frame::HELLO_LIMIT;
use hubbub::protocol::{Command, Farewell};
use proptest::prelude::*;

use super::framed;

/// Bytes that get somewhere: words of both languages, and noise between them.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        3 => prop::sample::select(WORDS).prop_map(<[u8]>::to_vec),
        3 => prop::sample::select(BODIES).prop_map(framed),
        2 => "[ -~]{0,80}".prop_map(|body| framed(&body)),
        2 => "\\{\"type\":\"(Sms|Login|Hello)Mes\",\"data\":\"[ -!#-~]{0,80}\"\\}".prop_map(|body| framed(&body)),
        2 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (0_usize..9_000).prop_map(|n| vec![b'x'; n]),
    ];
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

const WORDS: &[&[u8]] = &[
    b"hello\n",
    b"hello\r\n",
    b"\r\0",
    b"\xff\xfb\x1f",
    b"\xff\xfa\x18\0xterm\xff\xf0",
    b"\xff\xff",
    b"\xff",
    b"/login 100 secret\n",
    b"/msg \"Iron man\" hi\n",
    b"rename|",
    b"who\n",
    "你好\n".as_bytes(),
    b"\n",
    b"\0\0\x1f\xa0",
];

const BODIES: &[&str] = &[
    r#"{"type":"LogoutMes","data":"{}"}"#,
    r#"{"type":"HelloMes","data":"{\"version\":1}"}"#,
    r#"{"type":"SmsMes","data":"{\"content\":\"hi\",\"toUserId\":200}"}"#,
];

fn decode_in_pieces(front: &str, pieces: &[&[u8]]) -> (Vec<Command>, Result<(), Farewell>) {
    let mut decoder = (front::named(front).unwrap().decoder)();
    let mut commands = Vec::new();
    for piece in pieces {
        if let Err(why) = decoder.decode(piece, &mut commands) {
            return (commands, Err(why));
        }
    }
    decoder.finish(&mut commands);
    (commands, Ok(()))
}

/// How many bytes a decoder says that it holds: the first number in its `{:?}`.
fn n_held(decoder: &dyn front::Decoder) -> usize {
    let shown = format!("{decoder:?}");
    let digits = shown.chars().skip_while(|c| !c.is_ascii_digit());
    digits.take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

proptest! {
    #[test]
    fn commands_do_not_depend_on_how_bytes_are_cut(
        stream in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &stream[ends[0]..ends[1]]).collect();
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        for front in FRONTS {
            let whole = decode_in_pieces(front.name, &[&stream]);
            prop_assert_eq!(&whole, &decode_in_pieces(front.name, &pieces));
            prop_assert_eq!(&whole, &decode_in_pieces(front.name, &single));
        }
    }

    #[test]
    fn any_bytes_are_borne_and_few_are_held(stream in stream()) {
        for front in FRONTS {
            let mut decoder = (front.decoder)();
            let mut commands = Vec::new();
            for piece in stream.chunks(1_000) {
                if decoder.decode(piece, &mut commands).is_err() {
                    break;
                }
                prop_assert!(n_held(&*decoder) <= HELLO_LIMIT + 4);
            }
        }
    }

    #[test]
    fn any_first_bytes_are_somebodys_or_nobodys(first in prop::collection::vec(any::<u8>(), 0..64)) {
        // Whatever it says, it says something, and more bytes never unsay a front.
        if let front::Sniff::Front(front) = front::sniff(&first) {
            let more = [&first[..], b"more"].concat();
            prop_assert!(matches!(front::sniff(&more), front::Sniff::Front(same) if same.name == front.name));
        }
    }
}

#[test]
fn a_decoder_shows_how_much_it_holds_and_not_what() {
    for front in FRONTS {
        let mut decoder = (front.decoder)();
        decoder.decode(b"\0\0\0\x20secret", &mut Vec::new()).unwrap();
        assert!(!decoder.is_empty());
        let shown = format!("{decoder:?}");
        assert!(!shown.contains("secret"), "{shown}");
        assert_eq!(n_held(&*decoder), 10, "{shown}");
    }
}
