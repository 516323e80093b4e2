//! What may be shown to people: one rule for every name, file name, translation and message (spec/charter.md §2), from
//! the charter to the screen.
//!
//! What is signed, or comes from others, is refused where it hides something ([`refuse`]); what an officer types or
//! pastes is cleaned of it and kept ([`clean`]). The properties of characters are those of one version of Unicode,
//! written down in `table.rs`: two nodes must never differ about a statement, so the table is part of the protocol, and
//! not whatever a library or compiler knows today.

mod class;
mod table;

use class::Class;
pub use table::UNICODE;

/// Most marks (accents, points) on one letter. Scripts need three or four; more of them cover the lines around.
pub const MARKS_MAX: usize = 6;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A name, a title, a marking: one line, no space at either end or beside another, and words of one script each.
    Name,
    /// A name of a file: as a name, and no path; its words may mix scripts.
    File,
    /// One line of prose: no space at either end.
    Line,
    /// Prose of any number of lines, ended by U+000A, and not of spaces alone.
    Prose,
}

/// Why a text is not shown. Positions count characters, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing, or nothing but spaces.
    #[error("it is empty")]
    Empty,
    /// Too many characters.
    #[error("it has more than {most} characters")]
    Long {
        /// The bound.
        most: usize,
    },
    /// A character that shows nothing, moves others, or is nothing that two readers would see alike.
    #[error("character {at} is U+{code:04X}, which hides or moves what is around it, or is unknown: take it out", code = *.character as u32)]
    Hidden {
        /// Which.
        character: char,
        /// Where.
        at: usize,
    },
    /// A space at an end, or beside another.
    #[error("character {at} is a space at an end or beside another: leave one between words and none at the ends")]
    Space {
        /// Where.
        at: usize,
    },
    /// One mark too many on a letter.
    #[error("character {at} is one more than {MARKS_MAX} marks on a letter")]
    Marks {
        /// Where.
        at: usize,
    },
    /// A word of letters of two scripts.
    #[error("character {at} (U+{code:04X}) is of another script than the word it stands in: words that mix scripts look like others", code = *.character as u32)]
    Scripts {
        /// Which.
        character: char,
        /// Where.
        at: usize,
    },
    /// A file name with a path in it.
    #[error("it is a path and not the name of a file")]
    Path,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{3000}')
}

/// Variation selectors show nothing by themselves. They pass where they choose the form of a character that has
/// several: an ideograph (the true form of a Japanese name), or a symbol in colour or not.
fn chooses(before: Option<char>, selector: char) -> bool {
    let of = before.map(Class::of);
    match selector {
        '\u{fe0e}' | '\u{fe0f}' => of == Some(Class::SYMBOL),
        '\u{fe00}'..='\u{fe02}' | '\u{e0100}'..='\u{e01ef}' => of == Some(Class::IDEOGRAPH),
        _ => false,
    }
}

/// What [`refuse`] and [`clean`] remember of the characters before.
#[derive(Default)]
struct Reading {
    before: Option<char>,
    marks: usize,
    /// Script of the word so far.
    script: Option<Class>,
}

impl Reading {
    /// What stands against the next character, at a position.
    fn fault(&mut self, form: Form, character: char, at: usize) -> Option<BadText> {
        let class = Class::of(character);
        let passes = (character == '\n' && form == Form::Prose)
            || is_space(character)
            || chooses(self.before, character)
            || class.is_seen();
        if !passes {
            return Some(BadText::Hidden { character, at });
        }
        if matches!(form, Form::Name | Form::File) && is_space(character) && self.before.is_none_or(is_space) {
            return Some(BadText::Space { at });
        }
        if class == Class::MARK && self.marks >= MARKS_MAX {
            return Some(BadText::Marks { at });
        }
        if form == Form::Name
            && let Some(script) = class.script()
            && self.script.is_some_and(|of_word| of_word != script)
        {
            return Some(BadText::Scripts { character, at });
        }
        None
    }

    fn pass(&mut self, character: char) {
        let class = Class::of(character);
        self.marks = if class == Class::MARK { self.marks + 1 } else { 0 };
        self.script = match class.script() {
            Some(script) => Some(script),
            None if class == Class::MARK || character.is_ascii_digit() || !class.is_seen() => self.script,
            None => None,
        };
        self.before = Some(character);
    }
}

/// Refuses a text that two readers could take for two different ones, or that is longer than `most` characters.
///
/// # Errors
/// [`BadText`]: the first thing that stands against it.
pub fn refuse(text: &str, form: Form, most: usize) -> Result<(), BadText> {
    let mut reading = Reading::default();
    for (at, character) in text.chars().enumerate() {
        if at == most {
            return Err(BadText::Long { most });
        }
        if let Some(fault) = reading.fault(form, character, at + 1) {
            return Err(fault);
        }
        reading.pass(character);
    }
    let count = text.chars().count();
    if !text.chars().any(|c| !is_space(c) && c != '\n') {
        return Err(BadText::Empty);
    }
    if form != Form::Prose && text.chars().next().is_some_and(is_space) {
        return Err(BadText::Space { at: 1 });
    }
    if form != Form::Prose && text.chars().last().is_some_and(is_space) {
        return Err(BadText::Space { at: count });
    }
    if form == Form::File && (matches!(text, "." | "..") || text.contains(['/', '\\'])) {
        return Err(BadText::Path);
    }
    Ok(())
}

/// What an officer meant by what was typed or pasted, so that [`refuse`] has nothing against it but that it is empty,
/// too long, or a word that mixes scripts. What shows nothing is left out; what would leave a gap becomes a space, and
/// what nobody knows U+FFFD: nothing that could be read is lost unseen.
#[must_use]
pub fn clean(text: &str, form: Form) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut reading = Reading::default();
    let mut put = |c: char, reading: &mut Reading| match reading.fault(form, c, 0) {
        None | Some(BadText::Scripts { .. }) => {
            reading.pass(c);
            cleaned.push(c);
        }
        Some(_) => {}
    };
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let line_end = matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if c == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        match c {
            _ if line_end => put(if form == Form::Prose { '\n' } else { ' ' }, &mut reading),
            '\t' if form == Form::Prose => "    ".chars().for_each(|space| put(space, &mut reading)),
            '\t' => put(' ', &mut reading),
            '/' | '\\' if form == Form::File => put('_', &mut reading),
            _ if chooses(reading.before, c) => put(c, &mut reading),
            _ => match Class::of(c) {
                Class::GAP => put(' ', &mut reading),
                Class::UNKNOWN => put('\u{fffd}', &mut reading),
                _ => put(c, &mut reading),
            },
        }
    }
    if form != Form::Prose {
        cleaned = cleaned.trim_matches(is_space).to_owned();
    }
    if form == Form::File && matches!(cleaned.as_str(), "." | "..") {
        cleaned.insert(0, '_');
    }
    cleaned
}

/// The number of a character's class, for the test that holds the table against Unicode's own data and for the vectors.
#[must_use]
pub fn class_of(character: char) -> u8 {
    Class::of(character).0
}
