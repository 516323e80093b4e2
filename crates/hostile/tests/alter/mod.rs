//! Altering valid bytes: the same round makes the same bytes on every machine.

/// Numbers that lengths and counts break at.
const EXTREMES: [u8; 10] = [0x00, 0x01, 0x17, 0x18, 0x3b, 0x5f, 0x7f, 0x80, 0x9b, 0xff];

/// Splitmix64.
pub struct Alter(u64);

impl Alter {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd129_0d3b_5f4f_d5e3))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not zero.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A place in the bytes, the beginning more often than the rest: that is where heads and lengths are.
    fn place(&mut self, len: usize) -> usize {
        let within = if self.below(3) == 0 { len.min(64) } else { len };
        self.below(within.max(1))
    }

    /// Which seed, and what was made of it with one to four changes.
    pub fn altered(&mut self, seeds: &[Vec<u8>]) -> (usize, Vec<u8>) {
        let number = self.below(seeds.len());
        let mut data = seeds[number].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut data, seeds);
        }
        (number, data)
    }

    fn change(&mut self, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        if data.is_empty() {
            data.push(self.next() as u8);
        }
        let at = self.place(data.len());
        let rest = data.len() - at;
        match self.below(10) {
            0 | 1 => data[at] ^= 1 << self.below(8),
            2 => data[at] = self.next() as u8,
            3 => data[at] = EXTREMES[self.below(EXTREMES.len())],
            // A length of four or eight bytes, as large or as small as can be.
            4 => {
                let wide = if self.below(2) == 0 { 4 } else { 8 };
                let byte = if self.below(4) == 0 { 0 } else { 0xff };
                data[at..].iter_mut().take(wide).for_each(|place| *place = byte);
            }
            5 => {
                let some: Vec<u8> = (0..=self.below(8)).map(|_| self.next() as u8).collect();
                data.splice(at..at, some);
            }
            6 => drop(data.drain(at..at + 1 + self.below(rest.min(16)))),
            7 => {
                let again = data[at..at + 1 + self.below(rest.min(256))].to_vec();
                data.splice(at..at, again);
            }
            8 => data.truncate(at),
            _ => {
                let other = &seeds[self.below(seeds.len())];
                data.truncate(at);
                data.extend(&other[self.place(other.len())..]);
            }
        }
    }
}
