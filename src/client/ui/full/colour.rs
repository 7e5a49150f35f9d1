//! Colours: how many the terminal has, and which one a person gets. Only such are used that can
//! be read on a light ground and on a dark one.

use ratatui_core::style::{Color, Modifier, Style};

use crate::protocol::UserId;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// None, or the person wants none.
    Mono,
    Sixteen,
    Many,
    True,
}

impl Depth {
    /// From the environment, which `get` reads: <https://no-color.org>, `COLORTERM` as terminals
    /// set it, `TERM`.
    pub(super) fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str, part: &str| get(name).is_some_and(|value| value.contains(part));
        if get("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            Self::Mono
        } else if is("COLORTERM", "truecolor") || is("COLORTERM", "24bit") {
            Self::True
        } else if is("TERM", "256color") {
            Self::Many
        } else if is("TERM", "mono") || is("TERM", "vt100") {
            Self::Mono
        } else {
            Self::Sixteen
        }
    }
}

/// What a part of the screen means; how it looks is said here alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    /// Times, states, what may be overlooked.
    Faint,
    Strong,
    /// Bars: topic and state.
    Bar,
    /// What is chosen.
    Chosen,
    /// Something new; something new for oneself.
    New,
    Mention,
    /// It went well; it did not.
    Good,
    Bad,
    /// The line before the first unread message.
    Marker,
}

/// Looks and names in the colours there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette(pub(super) Depth);

impl Palette {
    pub(super) fn look(self, look: Look) -> Style {
        let plain = Style::new();
        let colour = |colour, otherwise: Style| match self.0 {
            Depth::Mono => otherwise,
            _ => plain.fg(colour),
        };
        let bold = plain.add_modifier(Modifier::BOLD);
        match look {
            Look::Plain => plain,
            Look::Faint => plain.add_modifier(Modifier::DIM),
            Look::Strong => bold,
            Look::Bar | Look::Chosen => plain.add_modifier(Modifier::REVERSED),
            Look::New => bold,
            Look::Mention => colour(Color::Magenta, bold).add_modifier(Modifier::BOLD),
            Look::Good => colour(Color::Green, plain),
            Look::Bad => colour(Color::Red, bold),
            Look::Marker => colour(Color::Red, plain),
        }
    }

    /// The same person has the same colour everywhere and always; oneself stands out by weight.
    pub(super) fn person(self, id: UserId, is_me: bool) -> Style {
        let style = Style::new();
        if is_me {
            return style.add_modifier(Modifier::BOLD);
        }
        let number = spread(id);
        match self.0 {
            Depth::Mono => style,
            Depth::Sixteen => style.fg(pick(SIXTEEN, number)),
            Depth::Many => style.fg(Color::Indexed(pick(MANY, number))),
            Depth::True => style.fg(of_hue(number)),
        }
    }
}

/// Without black, white, and yellow, which one ground or the other swallows.
const SIXTEEN: &[Color] = &[Color::Red, Color::Green, Color::Blue, Color::Magenta, Color::Cyan];

/// Of xterm's cube, of medium lightness.
const MANY: &[u8] = &[
    31, 32, 33, 35, 36, 37, 62, 63, 64, 65, 67, 68, 70, 71, 72, 96, 97, 98, 99, 100, 101, 125, 126,
    127, 128, 130, 131, 132, 133, 134, 136, 137, 160, 161, 162, 163, 166, 167, 168, 169,
];

/// Neighbouring ids get distant numbers (Fibonacci hashing).
fn spread(id: UserId) -> u32 {
    let mixed = id.0.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

fn pick<T: Copy>(from: &[T], number: u32) -> T {
    let at = usize::try_from(number).unwrap_or_default() % from.len();
    #[expect(clippy::indexing_slicing, reason = "a remainder is less than the length")]
    from[at]
}

/// Of the wheel of hues, each as light as the others to the eye.
fn of_hue(number: u32) -> Color {
    /// Of 255: half way between a white ground and a black one.
    const LUMA: f64 = 120.0;
    let sixth = f64::from(number) / f64::from(u32::MAX) * 6.0;
    let rise = |at: f64| (2.0 - (sixth - at).abs().min(6.0 - (sixth - at).abs())).clamp(0.25, 1.0);
    let (red, green, blue) = (rise(0.0), rise(2.0), rise(4.0));
    // Weights of ITU-R BT.601.
    let scale = LUMA / (0.299 * red + 0.587 * green + 0.114 * blue);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let byte = |part: f64| (part * scale).clamp(0.0, 255.0) as u8;
    Color::Rgb(byte(red), byte(green), byte(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let depth = |vars: &[(&str, &str)]| {
            Depth::of(|name| {
                vars.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned())
            })
        };
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Depth::Mono);
        assert_eq!(depth(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "tmux-256color"), ("NO_COLOR", "")]), Depth::Many);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
    }

    #[test]
    fn a_person_keeps_a_colour_that_can_be_read_on_any_ground() {
        let palette = Palette(Depth::True);
        let mut colours = Vec::new();
        for id in 1..200 {
            let Some(Color::Rgb(r, g, b)) = palette.person(UserId(id), false).fg else {
                panic!("no true colour");
            };
            let luma = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
            assert!((70.0..170.0).contains(&luma), "{r} {g} {b}");
            colours.push((r, g, b));
        }
        assert_eq!(palette.person(UserId(7), false), palette.person(UserId(7), false));
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() > 150, "{} colours", colours.len());
    }
}
