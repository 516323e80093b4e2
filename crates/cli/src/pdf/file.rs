//! The bytes of a document: pages as they were drawn, and of each face the part that they use, with what each of its
//! glyphs says.

use super::face::{Face, Outlines};
use super::page::{HIGH, WIDE, resource};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

const ORDER: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
const SAYS: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"UCS"), supplement: 0 };

/// The file. None: a face is damaged. Numbers of objects are counted up, streams stay as they are: no clock, no chance,
/// no compressor decides over a byte.
pub(super) fn bytes(title: &str, faces: &[Face<'_>], pages: Vec<Content>) -> Option<Vec<u8>> {
    let mut next = Ref::new(1);
    let (catalog, tree, info) = (next.bump(), next.bump(), next.bump());
    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("en"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    pdf.document_info(info).title(TextStr(title)).producer(TextStr("Trialogue"));
    let mut fonts = Vec::new();
    for (index, face) in faces.iter().enumerate() {
        // A face of which nothing is used is not embedded.
        if !face.used.is_empty() {
            fonts.push((resource(index), font(&mut pdf, &mut next, index, face)?));
        }
    }
    let kids: Vec<(Ref, Ref)> = pages.iter().map(|_| (next.bump(), next.bump())).collect();
    pdf.pages(tree).kids(kids.iter().map(|(page, _)| *page)).count(i32::try_from(kids.len()).ok()?);
    for ((id, drawn), content) in kids.into_iter().zip(pages) {
        let mut page = pdf.page(id);
        page.parent(tree).media_box(Rect::new(0.0, 0.0, WIDE, HIGH)).contents(drawn);
        let mut resources = page.resources();
        let mut named = resources.fonts();
        for (name, font) in &fonts {
            named.pair(Name(name.as_bytes()), *font);
        }
        named.finish();
        resources.finish();
        page.finish();
        pdf.stream(drawn, &content.finish());
    }
    Some(pdf.finish())
}

/// A composite font (ISO 32000-1, 9.7): its codes are the numbers of glyphs in the embedded part.
fn font(pdf: &mut Pdf, next: &mut Ref, index: usize, face: &Face<'_>) -> Option<Ref> {
    let (composite, descendant, descriptor, outlines, says) =
        (next.bump(), next.bump(), next.bump(), next.bump(), next.bump());
    // Six capitals tell parts of one font apart (9.6.4); two faces are all that there are.
    let tag = if index == 0 { "AAAAAA" } else { "BBBBBB" };
    let name = format!("{tag}+{}", face.id());
    let name = Name(name.as_bytes());
    pdf.type0_font(composite)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(says);
    let part = face.outlines()?;

    let mut cid = pdf.cid_font(descendant);
    cid.base_font(name).system_info(ORDER).font_descriptor(descriptor).default_width(1_000.0);
    match part {
        Outlines::Cff(_) => cid.subtype(CidFontType::Type0),
        Outlines::TrueType(_) => cid.subtype(CidFontType::Type2).cid_to_gid_map_predefined(Name(b"Identity")),
    };
    let mut widths = cid.widths();
    for (code, (_, width)) in &face.used {
        widths.consecutive(*code, [*width as f32]);
    }
    widths.finish();
    cid.finish();

    let measures = &face.measures;
    let [left, low, right, high] = measures.bounds;
    let mut described = pdf.font_descriptor(descriptor);
    described
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(left, low, right, high))
        .italic_angle(0.0)
        .ascent(measures.ascent)
        .descent(measures.descent)
        .cap_height(measures.capitals)
        .stem_v(80.0);
    match &part {
        Outlines::Cff(_) => described.font_file3(outlines),
        Outlines::TrueType(_) => described.font_file2(outlines),
    };
    described.finish();
    match &part {
        Outlines::Cff(bytes) => {
            pdf.stream(outlines, bytes).pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        }
        Outlines::TrueType(bytes) => {
            let len = i32::try_from(bytes.len()).ok()?;
            pdf.stream(outlines, bytes).pair(Name(b"Length1"), len);
        }
    }

    let mut table = UnicodeCmap::new(Name(b"Trialogue"), SAYS);
    for (code, (c, _)) in &face.used {
        table.pair(*code, *c);
    }
    pdf.stream(says, &table.finish());
    Some(composite)
}
