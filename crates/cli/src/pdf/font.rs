//! The font file: where systems keep one that has Japanese and Korean, and what to install where there is none.

use super::face::{Face, Unfit};
use super::letters::Letter;
use crate::{Failure, files};
use read_fonts::FileRef;
use std::path::{Path, PathBuf};
use trialogue_journal::Language;
use zeroize::Zeroizing;

/// Most bytes of a font file; the largest of the usual ones has 32 MB.
const FONT_MAX: usize = 128 << 20;
/// Most faces that are looked at in a collection.
const FACES_MAX: usize = 64;

/// Debian and Ubuntu; Fedora, new and old; Arch; macOS, where one was installed, and its own.
const PLACES: [&str; 7] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/Library/Fonts/NotoSansCJK-Regular.ttc",
    "/Library/Fonts/NotoSansCJK.ttc",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
];
const NONE: &str = "a PDF needs a font with Japanese and Korean, and none is in the usual places: install one (Debian, Ubuntu: apt-get install \
    fonts-noto-cjk; Fedora: dnf install google-noto-sans-cjk-fonts; Arch: pacman -S noto-fonts-cjk), or name a font file with --font";

/// A font file in memory.
pub(super) struct Font {
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
}

impl Font {
    /// The file that was named, or the first in the usual places.
    pub(super) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        let usual = || PLACES.iter().map(Path::new).find(|path| path.is_file());
        let path = named.or_else(usual).ok_or_else(|| Failure::said(NONE))?;
        let bytes = files::read(path, FONT_MAX)?;
        if bytes.len() > FONT_MAX {
            return Err(Failure::content(path, "this is longer than any font: name a font file (ttf, otf, ttc)"));
        }
        let font = Self { path: path.to_owned(), bytes };
        font.faces()?;
        Ok(font)
    }

    /// Its faces for Japanese and for Korean: characters that both write, they write differently.
    pub(super) fn faces(&self) -> Result<Faces<'_>, Failure> {
        let wrong = |why: Unfit| Failure::content(&self.path, format!("{why}: name another font file with --font"));
        let file = FileRef::new(&self.bytes).map_err(|why| wrong(why.into()))?;
        let families: Vec<String> = file
            .fonts()
            .take(FACES_MAX)
            .map(|font| font.map(|font| super::face::family(&font)).unwrap_or_default())
            .collect();
        let of = |country: &str| families.iter().position(|family| family.split(' ').any(|word| word == country));
        let (ja, ko) = (of("JP").unwrap_or(0), of("KR").unwrap_or(0));
        let open = |index: usize| Face::open(&self.bytes, u32::try_from(index).unwrap_or(0)).map_err(wrong);
        let mut all = vec![open(ja)?];
        if ko != ja {
            all.push(open(ko)?);
        }
        Ok(Faces { all, path: &self.path })
    }
}

/// The faces of one document, and which of their characters it uses.
pub(super) struct Faces<'a> {
    /// One, or two: what is not Korean, and Korean.
    pub(super) all: Vec<Face<'a>>,
    path: &'a Path,
}

impl Faces<'_> {
    /// Which face a text in this language is set in.
    pub(super) fn of(&self, language: Language) -> usize {
        if language == Language::Ko { self.all.len() - 1 } else { 0 }
    }

    /// A character in a face; none: this font cannot show it.
    pub(super) fn letter(&mut self, face: usize, c: char) -> Option<Letter> {
        self.all.get_mut(face)?.letter(c)
    }

    /// What is said of a character that it cannot show. The character itself is not in it: it may be one that misleads
    /// a terminal.
    pub(super) fn cannot_show(&self, c: char) -> Failure {
        let name = self.all.first().map_or("", |face| face.family.as_str());
        let number = super::number(c);
        Failure::content(
            self.path,
            format!(
                "the font ({name}) cannot show the character {number} of the text: name a font file that has it with --font, or have such characters \
                 set as their numbers, in a frame, with --code-points"
            ),
        )
    }

    /// Names and versions: another version of a font makes another file.
    pub(super) fn names(&self) -> String {
        let all: Vec<String> = self.all.iter().map(|face| format!("{} {}", face.family, face.version)).collect();
        all.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_font_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("font.ttf");
        for bytes in [&b""[..], b"ttcf", b"OTTO\0\x01\0\0\0\0\0\0", b"\0\x01\0\0\xff\xff\0\0\0\0\0\0", b"not a font"] {
            std::fs::write(&file, bytes).unwrap();
            let refused = Font::find(Some(&file)).err().map(|failure| failure.to_string()).unwrap_or_default();
            assert!(refused.contains("font.ttf") && refused.contains("--font"), "{refused}");
        }
        assert!(Font::find(Some(&dir.path().join("none.ttf"))).is_err());
    }
}
