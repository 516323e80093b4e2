//! What a path does to packets, in words that people write.

use std::str::FromStr;

/// One direction of a path. The default is a perfect one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Nothing passes.
    pub cut: bool,
    /// Every packet takes this long, in milliseconds.
    pub delay_ms: u32,
    /// And up to this much longer, drawn evenly; order is kept.
    pub jitter_ms: u32,
    /// So many packets in a thousand are lost, each by its own.
    pub loss_permille: u32,
    /// Bursts of loss last this long; 0: none.
    pub burst_ms: u32,
    /// From the end of one burst to the next on average (evenly from half to one and a half of it).
    pub burst_every_ms: u32,
    /// So many packets in a thousand come 5 to 40 ms later than their turn, overtaken by others.
    pub reorder_permille: u32,
    /// So many packets in a thousand come twice.
    pub duplicate_permille: u32,
    /// Bits per millisecond, which is kbit/s; 0: unlimited.
    pub rate_kbit: u32,
    /// With a rate: what would wait longer than this is dropped, in milliseconds.
    pub queue_ms: u32,
    /// Larger packets are dropped, in bytes; 0: any size passes.
    pub mtu: u32,
}

/// What is wrong with a shape that was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadShape {
    /// No such word.
    #[error(
        "`{0}` is no word of a shape: write `delay=300 jitter=20 loss=20% burst=500/5000 reorder=5% duplicate=5% rate=64 queue=500 mtu=1280`, `cut` or `clear`"
    )]
    Word(String),
    /// Not a number, or too large.
    #[error("`{0}` takes a number: milliseconds, kbit/s, bytes, or a share up to 100%")]
    Number(String),
}

/// A queue of this length belongs to a rate for which none was written: what a modem has.
const QUEUE_MS: u32 = 500;

impl FromStr for Shape {
    type Err = BadShape;

    /// From words between spaces; what is not named is perfect.
    fn from_str(text: &str) -> Result<Self, BadShape> {
        let mut shape = Self::default();
        for word in text.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let number = || value.parse::<u32>().map_err(|_| BadShape::Number(word.to_owned()));
            match name {
                "cut" => shape.cut = true,
                "clear" => shape = Self::default(),
                "delay" => shape.delay_ms = number()?,
                "jitter" => shape.jitter_ms = number()?,
                "loss" => shape.loss_permille = share(word, value)?,
                "reorder" => shape.reorder_permille = share(word, value)?,
                "duplicate" => shape.duplicate_permille = share(word, value)?,
                "rate" => shape.rate_kbit = number()?,
                "queue" => shape.queue_ms = number()?,
                "mtu" => shape.mtu = number()?,
                "burst" => {
                    let bad = || BadShape::Number(word.to_owned());
                    let (length, every) = value.split_once('/').ok_or_else(bad)?;
                    shape.burst_ms = length.parse().map_err(|_| bad())?;
                    shape.burst_every_ms = every.parse().map_err(|_| bad())?;
                }
                _ => return Err(BadShape::Word(word.to_owned())),
            }
        }
        if shape.rate_kbit > 0 && shape.queue_ms == 0 {
            shape.queue_ms = QUEUE_MS;
        }
        Ok(shape)
    }
}

/// `20%` or `0.5%`, in thousandths.
fn share(word: &str, value: &str) -> Result<u32, BadShape> {
    let bad = || BadShape::Number(word.to_owned());
    let (whole, tenth) = value.trim_end_matches('%').split_once('.').unwrap_or((value.trim_end_matches('%'), "0"));
    let whole: u32 = whole.parse().map_err(|_| bad())?;
    let tenth: u32 = if tenth.len() == 1 { tenth.parse().map_err(|_| bad())? } else { return Err(bad()) };
    (whole <= 100 && whole * 10 + tenth <= 1_000).then_some(whole * 10 + tenth).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::{BadShape, Shape};

    #[test]
    fn shapes_are_read_as_people_write_them() {
        let shape: Shape = "delay=300 jitter=20 loss=0.5% burst=500/5000 rate=64 mtu=1280".parse().unwrap();
        let wanted = Shape {
            delay_ms: 300,
            jitter_ms: 20,
            loss_permille: 5,
            burst_ms: 500,
            burst_every_ms: 5_000,
            rate_kbit: 64,
            queue_ms: 500,
            mtu: 1_280,
            ..Shape::default()
        };
        assert_eq!(shape, wanted);
        assert_eq!("cut".parse(), Ok(Shape { cut: true, ..Shape::default() }));
        assert_eq!("".parse(), Ok(Shape::default()));
        for bad in ["loss=101%", "loss=100.1%", "delay=x", "burst=5", "rate=", "delay=99999999999"] {
            assert_eq!(bad.parse::<Shape>(), Err(BadShape::Number(bad.to_owned())), "{bad}");
        }
        assert!(matches!("slow".parse::<Shape>(), Err(BadShape::Word(_))));
    }
}
