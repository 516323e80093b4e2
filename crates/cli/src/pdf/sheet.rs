//! A document as it is written from top to bottom: sentences of its own at the margin, what people have written beside
//! a rule.

use super::font::Faces;
use super::letters::{Letter, composed};
use super::page::{self, BOTTOM, GREY, Look, MARGIN, MEASURE, TOP};
use super::{file, number, wrap};
use crate::Failure;
use pdf_writer::Content;
use std::collections::BTreeSet;
use trialogue_journal::Language;

/// Most pages. A text in three languages that is nothing but ends of lines has 1,500; raising it costs memory, some 10
/// kB a page.
const PAGES_MAX: usize = 2_000;

const TITLE: Look = Look { size: 15.0, leading: 26.0, grey: 0.0, strong: true };
const NOTICE: Look = Look { size: 9.5, leading: 16.0, grey: 0.0, strong: true };
const LINE: Look = Look { size: 9.0, leading: 14.0, grey: 0.0, strong: false };
const LABEL: Look = Look { size: 8.0, leading: 14.0, grey: GREY, strong: false };
/// Fits a hash into one row.
const HASH: Look = Look { size: 7.4, leading: 14.0, grey: 0.0, strong: false };
const WORDS: Look = Look { size: 10.5, leading: 17.0, grey: 0.0, strong: false };

/// From the margin to the values of pairs, and to what happened after its time.
const VALUES: f32 = 76.0;
const EVENTS: f32 = 122.0;
/// Further rows of a sentence stand in, so that none of them looks like a sentence of its own.
const HANG: f32 = 12.0;
/// From the rule to what stands beside it.
const BESIDE: f32 = 11.0;

/// A document that is being written.
pub struct Sheet<'a> {
    faces: Faces<'a>,
    running: Vec<Letter>,
    title: String,
    pages: Vec<Content>,
    /// Where the next row begins.
    y: f32,
    /// How far in what is written stands: farther than the sentence to which it belongs.
    indent: f32,
    code_points: bool,
    framed: BTreeSet<char>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(faces: Faces<'a>, running: &str, code_points: bool) -> Result<Self, Failure> {
        let mut sheet = Self {
            faces,
            running: Vec::new(),
            title: String::new(),
            pages: vec![Content::new()],
            y: TOP,
            indent: HANG,
            code_points,
            framed: BTreeSet::new(),
        };
        sheet.running = sheet.letters(0, running)?;
        Ok(sheet)
    }

    /// The title, which is the file's as well.
    ///
    /// # Errors
    /// As all of these: the font cannot show a character, or there are too many pages.
    pub fn title(&mut self, text: &str) -> Result<(), Failure> {
        text.clone_into(&mut self.title);
        self.sentence(text, TITLE, 0.0)
    }

    /// What must not be overlooked.
    pub fn notice(&mut self, text: &str) -> Result<(), Failure> {
        self.gap();
        self.sentence(text, NOTICE, 0.0)
    }

    /// A sentence.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.indent = HANG;
        self.sentence(text, LINE, 0.0)
    }

    /// A value and what it is.
    pub fn pair(&mut self, label: &str, value: &str) -> Result<(), Failure> {
        self.indent = HANG;
        self.two(label, value, LINE, VALUES)
    }

    /// A hash and what it is of.
    pub fn hash(&mut self, label: &str, value: &str) -> Result<(), Failure> {
        self.indent = HANG;
        self.two(label, value, HASH, VALUES)
    }

    /// What happened at a time.
    pub fn event(&mut self, time: &str, what: &str) -> Result<(), Failure> {
        self.indent = EVENTS + HANG;
        self.two(time, what, LINE, EVENTS)
    }

    /// What people have written, beside a rule; the label says what it is.
    pub fn words(&mut self, label: &str, language: Language, text: &str) -> Result<(), Failure> {
        let (x, face) = (self.indent + BESIDE, self.faces.of(language));
        // A label is not left alone at the foot of a page.
        self.room(LABEL.leading + 2.0 * WORDS.leading)?;
        self.sentence(label, LABEL, self.indent)?;
        for paragraph in text.lines() {
            let letters = self.letters(face, paragraph)?;
            for row in rows(&letters, WORDS, MEASURE - x) {
                self.row(face, row, WORDS, x, true)?;
            }
        }
        self.gap();
        Ok(())
    }

    /// What stands without words beside the rule, in brackets as in the text on the screen.
    pub fn aside(&mut self, text: &str) -> Result<(), Failure> {
        self.sentence(text, LABEL, self.indent)
    }

    /// Half a row that is empty; none at the head of a page.
    pub fn gap(&mut self) {
        if self.y < TOP {
            self.y -= LINE.leading / 2.0;
        }
    }

    /// The file's bytes, and how many pages it has.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, usize), Failure> {
        let font = self.faces.names();
        self.indent = 0.0;
        self.gap();
        if !self.framed.is_empty() {
            let count = self.framed.len();
            self.aside(&format!(
                "Characters that this font cannot show, which stand above as numbers in a frame: {count}."
            ))?;
        }
        self.aside(&format!("Set in {font}."))?;
        let mut pages = std::mem::take(&mut self.pages);
        let count = pages.len();
        for (at, page) in pages.iter_mut().enumerate() {
            let foot = self.letters(0, &format!("Page {} of {count}", at + 1))?;
            if let Some(face) = self.faces.all.first() {
                page::head_and_foot(page, face, &self.running, &foot);
            }
        }
        let bytes = file::bytes(&self.title, &self.faces.all, pages);
        let damaged = || Failure::said("the font is damaged, no part of it can be taken: name another with --font");
        Ok((bytes.ok_or_else(damaged)?, count))
    }

    fn two(&mut self, label: &str, value: &str, look: Look, at: f32) -> Result<(), Failure> {
        let label = self.letters(0, label)?;
        let value = self.letters(0, value)?;
        self.room(look.leading)?;
        self.draw(0, &label, LABEL, 0.0, foot(self.y, look));
        self.hanging(&value, look, at)
    }

    fn sentence(&mut self, text: &str, look: Look, at: f32) -> Result<(), Failure> {
        let letters = self.letters(0, text)?;
        self.hanging(&letters, look, at)
    }

    /// The first row at `at`, further ones farther in.
    fn hanging(&mut self, letters: &[Letter], look: Look, at: f32) -> Result<(), Failure> {
        let whole = page::width(letters, look.size) <= MEASURE - at;
        let wide = if whole { MEASURE - at } else { MEASURE - at - HANG };
        for (count, row) in rows(letters, look, wide).into_iter().enumerate() {
            self.row(0, row, look, if count == 0 { at } else { at + HANG }, false)?;
        }
        Ok(())
    }

    fn row(&mut self, face: usize, letters: &[Letter], look: Look, x: f32, ruled: bool) -> Result<(), Failure> {
        self.room(look.leading)?;
        self.draw(face, letters, look, x, foot(self.y, look));
        let below = self.y - look.leading;
        if ruled && let Some(page) = self.pages.last_mut() {
            page::rule(page, MARGIN + x - BESIDE + 1.0, self.y, below);
        }
        self.y = below;
        Ok(())
    }

    fn draw(&mut self, face: usize, letters: &[Letter], look: Look, x: f32, y: f32) {
        if let (Some(page), Some(of)) = (self.pages.last_mut(), self.faces.all.get(face)) {
            page::row(page, (face, of), letters, look, MARGIN + x, y);
        }
    }

    /// Goes to a new page where this one has no room.
    fn room(&mut self, high: f32) -> Result<(), Failure> {
        if self.y - high < BOTTOM {
            if self.pages.len() >= PAGES_MAX {
                return Err(Failure::said(format!(
                    "this has more than {PAGES_MAX} pages: make several PDFs, with --since and --until, or --line"
                )));
            }
            self.pages.push(Content::new());
            self.y = TOP;
        }
        Ok(())
    }

    /// A text as a face sets it; one line, whatever is in it.
    fn letters(&mut self, face: usize, text: &str) -> Result<Vec<Letter>, Failure> {
        let mut letters = Vec::with_capacity(text.len());
        for c in composed(text) {
            if let Some(letter) = self.faces.letter(face, c) {
                letters.push(letter);
                continue;
            }
            if !self.code_points {
                return Err(self.faces.cannot_show(c));
            }
            self.framed.insert(c);
            for digit in format!("[{}]", number(c)).chars() {
                let letter = self.faces.letter(face, digit).ok_or_else(|| self.faces.cannot_show(digit))?;
                letters.push(Letter { framed: true, ..letter });
            }
        }
        Ok(letters)
    }
}

/// Where the letters of a row stand that begins at `y`.
fn foot(y: f32, look: Look) -> f32 {
    y - look.leading / 2.0 - look.size * 0.36
}

fn rows(letters: &[Letter], look: Look, wide: f32) -> Vec<&[Letter]> {
    let chars: Vec<char> = letters.iter().map(|letter| letter.c).collect();
    let widths: Vec<u32> = letters.iter().map(|letter| letter.width).collect();
    let thousandths = (wide * 1_000.0 / look.size) as u32;
    wrap::lines(&chars, &widths, thousandths).into_iter().map(|row| &letters[row]).collect()
}
