//! Reads licence expressions (SPDX, annex D): names, `AND`, `OR`, `WITH`, parentheses; the old `/` means `OR`.

/// Whether some choice that the expression offers is made of allowed licences only.
pub fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let verdict = any(&mut words, allowed);
    verdict && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut verdict = all(words, allowed);
    while words.next_if(|word| word.eq_ignore_ascii_case("OR")).is_some() {
        verdict |= all(words, allowed);
    }
    verdict
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut verdict = one(words, allowed);
    while words.next_if(|word| word.eq_ignore_ascii_case("AND")).is_some() {
        verdict &= one(words, allowed);
    }
    verdict
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let Some(first) = words.next() else {
        return false;
    };
    if first == "(" {
        let verdict = any(words, allowed);
        return words.next() == Some(")") && verdict;
    }
    if words.next_if(|word| *word == "WITH").is_some() {
        let exception = words.next().unwrap_or_default();
        // An exception only adds permissions.
        return allowed.contains(&first) || allowed.contains(&format!("{first} WITH {exception}").as_str());
    }
    allowed.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    const ALLOWED: [&str; 3] = ["MIT", "Apache-2.0", "Unicode-3.0"];

    #[test]
    fn one_allowed_choice_is_enough() {
        assert!(is_allowed("MIT OR GPL-3.0-only", &ALLOWED));
        assert!(is_allowed("GPL-2.0/MIT", &ALLOWED));
        assert!(is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-2.0", &ALLOWED));
    }

    #[test]
    fn every_part_of_a_conjunction_counts() {
        assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0", &ALLOWED));
        assert!(!is_allowed("(MIT OR Apache-2.0) AND GPL-3.0-only", &ALLOWED));
        assert!(is_allowed("MIT AND Unicode-3.0 OR GPL-3.0-only", &ALLOWED));
    }

    #[test]
    fn nonsense_is_refused() {
        for nonsense in ["", "MIT AND", "(MIT", "MIT Apache-2.0", "AGPL-3.0"] {
            assert!(!is_allowed(nonsense, &ALLOWED), "{nonsense}");
        }
    }
}
