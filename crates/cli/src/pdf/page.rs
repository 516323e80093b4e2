//! What is drawn on a page: rows of letters, rules and frames. Points from the lower left corner, as PDF has it.

use super::face::Face;
use super::letters::Letter;
use pdf_writer::types::TextRenderingMode;
use pdf_writer::{Content, Name, Str, TextStr};

/// A4.
pub(super) const WIDE: f32 = 595.0;
pub(super) const HIGH: f32 = 842.0;
/// Left and right of what is written.
pub(super) const MARGIN: f32 = 57.0;
/// Between the margins.
pub(super) const MEASURE: f32 = WIDE - 2.0 * MARGIN;
/// Where the first row of a page begins and the last one ends.
pub(super) const TOP: f32 = HIGH - 76.0;
pub(super) const BOTTOM: f32 = 62.0;

const HEAD: f32 = HIGH - 46.0;
const FOOT: f32 = 36.0;
const SMALL: f32 = 8.0;
pub(super) const GREY: f32 = 0.38;
const PALE: f32 = 0.6;

/// How a row looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Points.
    pub size: f32,
    /// From row to row, points.
    pub leading: f32,
    /// 0 is black.
    pub grey: f32,
    /// With a heavier stroke: one face has one weight.
    pub strong: bool,
}

/// The name of a face in a page's resources.
pub(super) fn resource(face: usize) -> String {
    format!("F{face}")
}

/// How wide letters are at a size, points.
pub(super) fn width(letters: &[Letter], size: f32) -> f32 {
    letters.iter().map(|letter| letter.width).fold(0, u32::saturating_add) as f32 * size / 1_000.0
}

/// Draws a row of letters of one face, its foot at `x` and `y`.
pub(super) fn row(
    page: &mut Content,
    (index, face): (usize, &Face<'_>),
    letters: &[Letter],
    look: Look,
    x: f32,
    y: f32,
) {
    if letters.is_empty() {
        return;
    }
    page.set_fill_gray(look.grey);
    page.begin_text();
    page.set_font(Name(resource(index).as_bytes()), look.size);
    if look.strong {
        page.set_text_rendering_mode(TextRenderingMode::FillStroke).set_line_width(look.size * 0.03);
        page.set_stroke_gray(look.grey);
    }
    page.next_line(x, y);
    for run in letters.chunk_by(|a, b| face.reads(a) && face.reads(b)) {
        let codes: Vec<u8> = run.iter().flat_map(|letter| letter.code.to_be_bytes()).collect();
        if run.iter().all(|letter| face.reads(letter)) {
            page.show(Str(&codes));
        } else {
            let says: String = run.iter().map(|letter| letter.c).collect();
            page.begin_marked_content_with_properties(Name(b"Span")).properties().actual_text(TextStr(&says));
            page.show(Str(&codes));
            page.end_marked_content();
        }
    }
    if look.strong {
        page.set_text_rendering_mode(TextRenderingMode::Fill);
    }
    page.end_text();
    frames(page, letters, look, x, y);
}

/// A frame around each number that stands for a character.
fn frames(page: &mut Content, letters: &[Letter], look: Look, x: f32, y: f32) {
    let mut at = x;
    for run in letters.chunk_by(|a, b| a.framed == b.framed) {
        let wide = width(run, look.size);
        if run.first().is_some_and(|letter| letter.framed) {
            page.set_line_width(0.6).set_stroke_gray(0.0);
            page.rect(at, y - look.size * 0.25, wide, look.size * 1.2).stroke();
        }
        at += wide;
    }
}

/// The rule beside what people have written.
pub(super) fn rule(page: &mut Content, x: f32, from: f32, to: f32) {
    page.set_line_width(1.5).set_stroke_gray(PALE);
    page.move_to(x, from).line_to(x, to).stroke();
}

/// The head and the foot of a page, above and below two fine lines.
pub(super) fn head_and_foot(page: &mut Content, face: &Face<'_>, head: &[Letter], foot: &[Letter]) {
    let look = Look { size: SMALL, leading: SMALL, grey: GREY, strong: false };
    let mut room = 0.0;
    let fits = head.iter().take_while(|letter| {
        room += width(std::slice::from_ref(*letter), SMALL);
        room <= MEASURE
    });
    let head = &head[..fits.count()];
    row(page, (0, face), head, look, MARGIN, HEAD);
    row(page, (0, face), foot, look, WIDE - MARGIN - width(foot, SMALL), FOOT);
    page.set_line_width(0.5).set_stroke_gray(PALE);
    for y in [HEAD - 7.0, FOOT + 14.0] {
        page.move_to(MARGIN, y).line_to(WIDE - MARGIN, y).stroke();
    }
}
