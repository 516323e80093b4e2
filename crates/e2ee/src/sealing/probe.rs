//! Does sealing work here at all?

use super::{BaseKey, KeyId, Medium, Opener, Receiver, Sealer, Source, TagKey};
use trialogue_charter::DeviceId;

/// Seals and opens a frame under keys made for that, as those of a call are. `random`: 192 bytes, for keys and a frame.
#[must_use]
pub fn probe(random: &[u8; 192]) -> bool {
    let (Some((base, rest)), Some(id)) = (random.split_first_chunk::<32>(), KeyId::from_u64(0)) else { return false };
    let Some((tag, frame)) = rest.split_first_chunk::<32>() else { return false };
    let (base, device) = (BaseKey::new(*base), DeviceId([0; 32]));
    let receiver = Receiver { party: 0, key: TagKey::new(*tag) };
    let source = Source { device, party: 0, turn: 0, fellows: 1, tag: TagKey::new(*tag), floor: 0 };
    let (mut sealed, mut opened, mut opener) = (Vec::new(), Vec::new(), Opener::new());
    let Ok(mut sealer) = Sealer::new(id, &base, 0, vec![receiver]) else { return false };
    opener.insert(id, &base, &source).is_ok()
        && sealer.seal(Medium::Voice, 0, frame, &mut sealed).is_ok()
        && opener.open(Medium::Voice, &device, 0, &sealed, &mut opened).is_ok()
        && opened == frame
}
