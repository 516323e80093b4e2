//! Documents for people, as PDF: the same text in English, Japanese and Korean, from the same record and the same font,
//! is the same file to the byte. Nothing of a clock, a machine or chance is in it, so that two parties who have each
//! made one can compare.
//!
//! Contents come from other parties. What they can do to a page is bounded here: they stand indented beside a rule,
//! where nothing of the document itself stands, and a character that cannot be shown for what it is stops the document,
//! or stands as its number in a frame that no text can draw.

mod face;
mod file;
mod font;
mod letters;
mod page;
mod sheet;
mod wrap;

pub use sheet::Sheet;

use crate::{Failure, files};
use font::Font;
use std::path::PathBuf;

/// Whether a PDF is wanted, and how it is made.
#[derive(clap::Args)]
pub struct Arguments {
    /// Make it a PDF, for people to print, sign and file; must not exist yet.
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    /// The font of the PDF (ttf, otf, ttc), in place of the system's Noto Sans CJK.
    #[arg(long, value_name = "FILE", requires = "pdf")]
    font: Option<PathBuf>,
    /// Characters that the font cannot show stand in the PDF as their numbers, in a frame; otherwise there is no PDF of
    /// them.
    #[arg(long, requires = "pdf")]
    code_points: bool,
}

/// Where a PDF goes, and the font that it is set in.
pub struct Paper {
    out: PathBuf,
    font: Font,
    code_points: bool,
}

impl Arguments {
    /// What a PDF needs, if one is wanted; asked for before any work is done.
    ///
    /// # Errors
    /// When there is a file already, or no font.
    pub fn open(&self) -> Result<Option<Paper>, Failure> {
        let Some(out) = &self.pdf else { return Ok(None) };
        files::is_free(out)?;
        let font = Font::find(self.font.as_deref())?;
        Ok(Some(Paper { out: out.clone(), font, code_points: self.code_points }))
    }
}

impl Paper {
    /// An empty document; `running` stands at the head of each of its pages.
    ///
    /// # Errors
    /// When the font cannot be read.
    pub fn sheet(&self, running: &str) -> Result<Sheet<'_>, Failure> {
        Sheet::new(self.font.faces()?, running, self.code_points)
    }

    /// Writes it into a new file that only this account may read, whole or not at all, and says so.
    ///
    /// # Errors
    /// When it cannot be written, with the remedy.
    pub fn write(&self, sheet: Sheet<'_>) -> Result<(), Failure> {
        let (bytes, pages) = sheet.finish()?;
        files::write_new(&self.out, &bytes, files::Access::Owner)?;
        println!("Wrote {}, {pages} page{}.", self.out.display(), if pages == 1 { "" } else { "s" });
        Ok(())
    }
}

/// A character by its number, as Unicode writes it.
fn number(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests;
