//! Several pieces in one input.

/// Splits an input into pieces: one byte says who, two (big-endian) how long, then so many follow; the last is cut
/// short where the input ends.
pub fn parts(data: &[u8]) -> Parts<'_> {
    Parts(data)
}

/// See [`parts`].
pub struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let ([who, high, low], rest) = self.0.split_first_chunk::<3>()?;
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        self.0 = rest;
        Some((*who, piece))
    }
}

/// The input that [`parts`] splits into these pieces; what is longer than two bytes can say is cut.
pub fn join<B: AsRef<[u8]>>(pieces: &[(u8, B)]) -> Vec<u8> {
    let mut data = Vec::new();
    for (who, piece) in pieces {
        let piece = piece.as_ref();
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        data.push(*who);
        data.extend(length.to_be_bytes());
        data.extend(&piece[..usize::from(length)]);
    }
    data
}
