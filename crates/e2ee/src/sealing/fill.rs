//! Pictures are filled inside of the seal, so that their sizes tell less of what they show (spec/sealing.md §5): one
//! byte 0x80, then zeros (ISO/IEC 7816-4), so that what is filled can be told from what a picture ends with.

const END: u8 = 0x80;

/// Fills what is sealed of a picture, so that with `clear` bytes before it it has a multiple of `step` (at least 1)
/// bytes, into `out`, replacing what is there.
pub(super) fn fill(clear: usize, body: &[u8], step: usize, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(body);
    out.push(END);
    let length = (clear + out.len()).next_multiple_of(step.max(1));
    out.resize(length - clear, 0);
}

/// Takes away what an opened picture with `clear` bytes before it was filled with. False: it was not filled so.
pub(super) fn unfill(clear: usize, picture: &mut Vec<u8>) -> bool {
    match picture.iter().rposition(|byte| *byte != 0) {
        Some(end) if end >= clear && picture.get(end) == Some(&END) => {
            picture.truncate(end);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_is_what_it_was_and_a_multiple_of_the_step() {
        let mut out = Vec::new();
        for length in 0..300 {
            for body in [vec![0; length], vec![END; length], vec![7; length]] {
                for (clear, step) in [(3, 1), (10, 64), (3, 256)] {
                    fill(clear, &body, step, &mut out);
                    assert_eq!((clear + out.len()) % step, 0);
                    assert!(out.len() > body.len() && out.len() <= body.len() + step);
                    let mut picture = [vec![1; clear], out.clone()].concat();
                    assert!(unfill(clear, &mut picture));
                    assert_eq!(picture, [vec![1; clear], body.clone()].concat());
                }
            }
        }
    }

    #[test]
    fn what_was_not_filled_is_told() {
        for picture in [vec![], vec![1; 3], vec![1, 1, END], vec![1, 1, 1, 0, 0], vec![1, 1, 1, END, 5]] {
            assert!(!unfill(3, &mut picture.clone()), "{picture:?}");
        }
    }
}
