//! What the terminal can do beyond text, as far as the environment says. Never:
//! asking the terminal, whose answer may not come. Pure.

/// How a terminal is made to notify its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    /// `OSC 9 ; text`: iTerm2, WezTerm, foot, kitty, Ghostty, ConEmu.
    Osc9,
    /// `OSC 777 ; notify ; title ; text`: rxvt-unicode, VTE of some systems.
    Osc777,
}

/// How many colours there are to tell people apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    Sixteen,
    Many,
}

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Its window has a title that can be set, and set back.
    pub title: bool,
    pub notify: Option<Notify>,
    pub mouse: bool,
    /// It puts brackets around what is pasted.
    pub brackets: bool,
    pub depth: Depth,
}

impl Abilities {
    /// By `TERM` and the variables by which some terminals give their names;
    /// `variable` looks one up.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).unwrap_or_default();
        let term = value("TERM");
        let is = |names: &[&str]| names.iter().any(|name| term.starts_with(name));
        let is_numbered_vt = term
            .strip_prefix("vt")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let is_simple = term.is_empty()
            || is_numbered_vt
            || is(&["linux", "ansi", "dumb", "cons", "sun", "wyse", "hurd", "fbterm"]);
        // Inside of a multiplexer, what the variables tell of is out of reach.
        let is_inside = is(&["screen", "tmux"]);
        let program = if is_inside { String::new() } else { value("TERM_PROGRAM") };
        let notify = match program.as_str() {
            "iTerm.app" | "WezTerm" | "ghostty" => Some(Notify::Osc9),
            _ if is(&["foot", "xterm-kitty", "xterm-ghostty", "wezterm"]) => Some(Notify::Osc9),
            _ if is(&["rxvt-unicode"]) => Some(Notify::Osc777),
            _ if !is_inside && !is_simple && variable("VTE_VERSION").is_some() => {
                Some(Notify::Osc777)
            }
            _ => None,
        };
        let has_many = term.contains("256color")
            || term.contains("direct")
            || is(&["foot", "xterm-kitty", "xterm-ghostty", "wezterm", "alacritty"])
            || matches!(value("COLORTERM").as_str(), "truecolor" | "24bit");
        Self {
            title: !is_simple && variable("STY").is_none(),
            notify,
            mouse: !is_simple,
            brackets: !is_simple,
            depth: if has_many && !is_simple { Depth::Many } else { Depth::Sixteen },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Abilities {
        Abilities::of(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_console_gets_text_alone() {
        for term in ["linux", "vt100", "vt220", "ansi", "dumb", ""] {
            let abilities = of(&[("TERM", term), ("COLORTERM", "truecolor"), ("VTE_VERSION", "1")]);
            let text_alone = Abilities {
                title: false,
                notify: None,
                mouse: false,
                brackets: false,
                depth: Depth::Sixteen,
            };
            assert_eq!(abilities, text_alone, "{term}");
        }
    }

    #[test]
    fn terminals_are_known_by_their_names() {
        let xterm = of(&[("TERM", "xterm")]);
        assert_eq!((xterm.title, xterm.notify, xterm.mouse), (true, None, true));
        assert!(xterm.brackets);
        assert_eq!(xterm.depth, Depth::Sixteen);
        assert_eq!(of(&[("TERM", "xterm-256color")]).depth, Depth::Many);
        assert_eq!(of(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]).depth, Depth::Many);
        assert_eq!(of(&[("TERM", "foot")]).notify, Some(Notify::Osc9));
        assert_eq!(of(&[("TERM", "rxvt-unicode-256color")]).notify, Some(Notify::Osc777));
        assert_eq!(of(&[("TERM", "vte-256color")]).depth, Depth::Many);
        let vte = of(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]);
        assert_eq!(vte.notify, Some(Notify::Osc777));
        let inside = of(&[("TERM", "tmux-256color"), ("VTE_VERSION", "7600")]);
        assert_eq!((inside.notify, inside.title), (None, true));
        assert!(!of(&[("TERM", "screen"), ("STY", "1.pts")]).title);
    }
}
