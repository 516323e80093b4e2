//! A part owns its state: no type has methods in more than a few files of its crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::paths;
use crate::purity::rust_files;

/// Files of one crate in which one type has methods. More, and nobody can say what may touch its fields; fewer, and one
/// type has to be one file.
const FILES: usize = 6;
/// Types that are being split: how many files today, and where the plan is. The number only goes down.
const SPREAD: &str = include_str!("../spread-types.txt");

/// In which files of a crate a type has methods; the name is `crate Type`.
type Homes = BTreeMap<String, BTreeSet<String>>;

pub fn check() -> Result<()> {
    eprintln!("▸ Check in how many files a type has methods");
    let mut homes = Homes::new();
    let crates = paths::root().join("crates");
    let entries = fs::read_dir(&crates).with_context(|| format!("cannot read {}", crates.display()))?;
    for entry in entries {
        let sources = entry?.path().join("src");
        let name = sources.parent().and_then(|at| at.file_name()).map(|name| name.to_string_lossy().into_owned());
        let (Some(name), true) = (name, sources.is_dir()) else { continue };
        for file in rust_files(&sources)? {
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            for of in types_with_methods(&text) {
                homes.entry(format!("{name} {of}")).or_default().insert(file.display().to_string());
            }
        }
    }
    let faults = judge(&homes, &spread()?);
    if !faults.is_empty() {
        bail!("a part owns its state, or it is no part:\n{}", faults.join("\n"));
    }
    Ok(())
}

/// The types with inherent methods in a source formatted by rustfmt, outside of its tests. Two types of one name in one
/// crate count as one.
fn types_with_methods(source: &str) -> BTreeSet<String> {
    let own = source.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    own.lines().filter_map(implemented).map(str::to_owned).collect()
}

/// The type of a line that begins a block of inherent methods.
fn implemented(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl")?;
    let of = match rest.strip_prefix('<') {
        Some(generic) => after_generics(generic)?,
        None => rest,
    };
    let of = of.strip_prefix(' ')?;
    if of.contains(" for ") || !of.ends_with('{') {
        return None;
    }
    let end = of.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    Some(&of[..end])
}

/// What comes after the bracket that closes.
fn after_generics(text: &str) -> Option<&str> {
    let mut open = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => open += 1,
            '>' if !text[..at].ends_with('-') => open -= 1,
            _ => {}
        }
        if open == 0 {
            return text.get(at + 1..);
        }
    }
    None
}

fn spread() -> Result<BTreeMap<String, usize>> {
    let lines = SPREAD.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let read = |line: &str| {
        let mut words = line.splitn(4, ' ');
        let (of, name, files) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
        words.next().filter(|plan| !plan.trim().is_empty())?;
        Some((format!("{of} {name}"), files))
    };
    lines
        .map(|line| read(line).with_context(|| format!("xtask/spread-types.txt: not `crate Type files plan`: {line}")))
        .collect()
}

fn judge(homes: &Homes, spread: &BTreeMap<String, usize>) -> Vec<String> {
    let count = |of: &String| homes.get(of).map_or(0, BTreeSet::len);
    let mut faults = Vec::new();
    for of in homes.keys() {
        let (files, allowed) = (count(of), spread.get(of).copied().unwrap_or(FILES));
        if files > allowed {
            faults.push(format!(
                "  {of} has methods in {files} files, {allowed} at the most: give what the new ones need to a part of \
                 its own (CONTRIBUTING.md, \"A part owns its state\")"
            ));
        }
    }
    for (of, allowed) in spread {
        let files = count(of);
        if files <= FILES {
            faults.push(format!("  {of} has methods in {files} files now: take it out of xtask/spread-types.txt"));
        } else if files < *allowed {
            faults.push(format!("  {of} has methods in {files} files now: write {files} in xtask/spread-types.txt"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_methods_are_found_and_those_of_traits_and_tests_are_not() {
        let source = "\
impl Machine {
impl<'a, T: Fn(u8) -> Vec<u8>> Roster<'a> {
impl Display for Stage {
impl<T> From<T> for Keys {
    impl Inner {
#[cfg(test)]
mod tests {
impl Bench {
";
        let found: Vec<String> = types_with_methods(source).into_iter().collect();
        assert_eq!(found, ["Machine", "Roster"]);
    }

    #[test]
    fn a_type_may_not_spread_and_one_that_is_split_is_written_down() {
        let files = |count: usize| (0..count).map(|at| at.to_string()).collect::<BTreeSet<_>>();
        let homes = Homes::from([
            ("core Small".into(), files(FILES)),
            ("core Giant".into(), files(20)),
            ("core New".into(), files(7)),
        ]);
        let judged = |giant| judge(&homes, &BTreeMap::from([("core Giant".to_owned(), giant)])).join("\n");
        assert!(judged(20).contains("core New has methods in 7 files, 6 at the most") && !judged(20).contains("Giant"));
        assert!(judged(19).contains("core Giant has methods in 20 files, 19 at the most"));
        assert!(judged(21).contains("write 20 in"));
        assert!(!judged(20).contains("Small"));
        let gone = judge(&Homes::new(), &BTreeMap::from([("core Giant".to_owned(), 20)]));
        assert!(gone.join("").contains("take it out"));
    }

    #[test]
    fn each_type_that_is_split_names_its_plan() {
        assert!(spread().is_ok_and(|types| types.values().all(|files| *files > FILES)));
    }
}
