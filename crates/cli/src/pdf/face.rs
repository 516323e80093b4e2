//! One face of a font file: its characters, how wide they are, and the part of it that goes into a document.

use super::letters::{Letter, stands_alone};
use read_fonts::tables::cmap::CmapSubtable;
use read_fonts::tables::hmtx::Hmtx;
use read_fonts::types::{NameId, Tag};
use read_fonts::{FontRef, ReadError, TableProvider as _};
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;

const CFF: Tag = Tag::new(b"CFF ");
const GLYF: Tag = Tag::new(b"glyf");
const FVAR: Tag = Tag::new(b"fvar");
/// The maker forbids to embed it (OpenType, OS/2 fsType).
const RESTRICTED: u16 = 0x0002;
const USAGE: u16 = 0x000f;
/// Longest name that is shown of a font.
const NAME_MAX: usize = 60;

/// Why a face is of no use.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Unfit {
    #[error("this is no font that can be read (ttf, otf or ttc)")]
    NoFont,
    #[error("this is no font that can be read ({0})")]
    Unread(#[from] ReadError),
    #[error("this is a variable font, of which no one weight can be taken")]
    Variable,
    #[error("the maker of this font does not allow it in documents")]
    Restricted,
}

/// One face, and what a document uses of it.
pub(super) struct Face<'a> {
    bytes: &'a [u8],
    index: u32,
    characters: CmapSubtable<'a>,
    advances: Hmtx<'a>,
    units: u32,
    numbers: GlyphRemapper,
    /// By number in the document: what it says, and its width.
    pub(super) used: BTreeMap<u16, (char, u32)>,
    pub(super) family: String,
    pub(super) version: String,
    pub(super) measures: Measures,
}

/// What a PDF says of a face, thousandths of the size.
pub(super) struct Measures {
    pub(super) bounds: [f32; 4],
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) capitals: f32,
}

/// The outlines that a document uses, in the form in which PDF takes them.
pub(super) enum Outlines {
    /// A bare CFF table.
    Cff(Vec<u8>),
    /// A whole font with TrueType outlines.
    TrueType(Vec<u8>),
}

impl<'a> Face<'a> {
    pub(super) fn open(bytes: &'a [u8], index: u32) -> Result<Self, Unfit> {
        let font = FontRef::from_index(bytes, index)?;
        if font.table_data(FVAR).is_some() {
            return Err(Unfit::Variable);
        }
        if font.os2().is_ok_and(|os2| os2.fs_type() & USAGE == RESTRICTED) {
            return Err(Unfit::Restricted);
        }
        if font.table_data(CFF).is_none() && font.table_data(GLYF).is_none() {
            return Err(Unfit::NoFont);
        }
        let head = font.head()?;
        let hhea = font.hhea()?;
        let units = u32::from(head.units_per_em()).max(1);
        let scaled = |value: i16| f32::from(value) * 1_000.0 / units as f32;
        let (_, _, characters) = font.cmap().ok().and_then(|cmap| cmap.best_subtable()).ok_or(Unfit::NoFont)?;
        let capitals = font.os2().ok().and_then(|os2| os2.s_cap_height());
        Ok(Self {
            bytes,
            index,
            characters,
            advances: font.hmtx()?,
            units,
            numbers: GlyphRemapper::new(),
            used: BTreeMap::new(),
            family: family(&font),
            version: version(&font),
            measures: Measures {
                bounds: [head.x_min(), head.y_min(), head.x_max(), head.y_max()].map(scaled),
                ascent: scaled(hhea.ascender().to_i16()),
                descent: scaled(hhea.descender().to_i16()),
                capitals: scaled(capitals.unwrap_or(hhea.ascender().to_i16())),
            },
        })
    }

    /// A character, from now on in the part that goes into the document. None: it has no glyph here, or none that could
    /// stand by itself.
    pub(super) fn letter(&mut self, c: char) -> Option<Letter> {
        let glyph = self.characters.map_codepoint(c).filter(|glyph| glyph.to_u32() != 0 && stands_alone(c))?;
        let advance = u32::from(self.advances.advance(glyph)?);
        let code = self.numbers.remap(u16::try_from(glyph.to_u32()).ok()?);
        // No letter is without width: lines are bounded by it.
        let width = (advance * 1_000 / self.units).max(1);
        self.used.entry(code).or_insert((c, width));
        Some(Letter { c, code, width, framed: false })
    }

    /// Is this what a reader takes from the page? Some glyphs serve several characters, and the font's table in the
    /// document can name only one.
    pub(super) fn reads(&self, letter: &Letter) -> bool {
        self.used.get(&letter.code).is_some_and(|(c, _)| *c == letter.c)
    }

    /// Its name in a document: letters, digits and hyphens.
    pub(super) fn id(&self) -> String {
        self.family.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
    }

    /// The part that is used. None: the font is damaged.
    pub(super) fn outlines(&self) -> Option<Outlines> {
        let part = subsetter::subset(self.bytes, self.index, &self.numbers).ok()?;
        let bare = FontRef::new(&part).ok()?.table_data(CFF).map(|cff| cff.as_bytes().to_vec());
        Some(bare.map_or(Outlines::TrueType(part), Outlines::Cff))
    }
}

/// The family, as people name it.
pub(super) fn family(font: &FontRef<'_>) -> String {
    let typographic = name(font, NameId::TYPOGRAPHIC_FAMILY_NAME);
    if typographic.is_empty() { name(font, NameId::FAMILY_NAME) } else { typographic }
}

/// Its version: `Version 2.004;hotconv 1.0.118` is 2.004.
fn version(font: &FontRef<'_>) -> String {
    let version = name(font, NameId::VERSION_STRING);
    version.split(';').next().unwrap_or_default().trim_start_matches("Version ").to_owned()
}

/// What a font says of itself, in ASCII and bounded: it is shown to people. Empty: nothing.
fn name(font: &FontRef<'_>, id: NameId) -> String {
    let Ok(names) = font.name() else { return String::new() };
    let data = names.string_data();
    let records = names.name_record().iter().filter(|record| record.name_id() == id && record.is_unicode());
    let mut texts = records.filter_map(|record| record.string(data).ok()).map(|text| {
        let shown: String = text.chars().take(NAME_MAX).collect();
        shown
    });
    texts.find(|text| !text.is_empty() && text.chars().all(|c| c == ' ' || c.is_ascii_graphic())).unwrap_or_default()
}
