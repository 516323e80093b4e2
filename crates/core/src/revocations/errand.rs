//! What a person asks of this node about a device: answered once, with what became of it.

use super::Revocations;
use crate::io::Output;
use crate::journals::{After, Pen};
use trialogue_charter::{DeviceId, Revocation, RevocationError};
use trialogue_journal::{Body, State};

/// Something that a person asked of this node, named by the shell. It is answered once, with what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errand(pub u64);

/// What became of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stands in this node's journal, on the disk.
    Written,
    /// It took effect here, and the disk could not take it.
    Unrecorded,
    /// Nothing was done.
    Refused(NotDone),
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The node has just started.
    #[error(
        "the node has just started and writes nothing before it has heard what others hold of its journal; nothing was done, ask again in ten seconds"
    )]
    Opening,
    /// The node was restored from a backup.
    #[error(
        "the node was restored from a backup and writes nothing before it has its journal back from the others; nothing was done, ask again when `health` says that it has caught up"
    )]
    Restored,
    /// The charter does not have it in service.
    #[error(
        "the node is retired in the charter and writes nothing more; nothing was done, use another node of the party"
    )]
    Retired,
    /// The disk does not keep up.
    #[error("too much waits for the node's disk; nothing was done, ask again")]
    Busy,
    /// It is on its way to the disk already.
    #[error("this is being written already; ask again in a moment to know that it is done")]
    UnderWay,
    /// Nobody here has that device.
    #[error(
        "no such device of the party is enrolled anywhere; `trialogue device list` at the node where it was enrolled shows it"
    )]
    NoSuchDevice,
    /// The root has said so, which is for good.
    #[error(
        "the party's root has revoked the device, which is for good; nothing was done: its holder needs a new enrolment link"
    )]
    Revoked,
    /// There is nothing to lift.
    #[error("the device was never suspended at this node; nothing was done, `trialogue device list` shows what is")]
    NotSuspended,
    /// Not the root's word.
    #[error("{0}; nothing was done")]
    Unproven(#[from] RevocationError),
    /// The journal has no room for more of that party.
    #[error(
        "this journal has as many revocations of that party as it takes; nothing was done: have the party take a new root, under which all devices enrol anew"
    )]
    Full,
}

/// What is asked for is done at once or not at all: who asks is told so. `restored`: the node was restored and does not
/// speak yet.
pub(crate) fn may_write(pen: &Pen<'_>, restored: bool) -> Result<(), NotDone> {
    if pen.here().is_retired() {
        return Err(NotDone::Retired);
    }
    if restored {
        return Err(NotDone::Restored);
    }
    if pen.is_open() { Ok(()) } else { Err(NotDone::Opening) }
}

/// Says what became of it; none: that is said when it is written.
pub(crate) fn answer(pen: &mut Pen<'_>, errand: Errand, done: Result<Option<Fate>, NotDone>) {
    match done {
        Ok(None) => {}
        Ok(Some(fate)) => pen.out.push(Output::Errand { errand, fate }),
        Err(why) => pen.out.push(Output::Errand { errand, fate: Fate::Refused(why) }),
    }
}

impl Revocations {
    /// The root of a party, any party, accepts a device no more; what follows from it follows when it is written. None:
    /// the answer comes then.
    pub(crate) fn revoke(pen: &mut Pen<'_>, revocation: Vec<u8>, errand: Errand) -> Result<Option<Fate>, NotDone> {
        let here = pen.here();
        let Revocation { party, device } = Revocation::open(&here.charter, &revocation)?;
        if let Some(seq) = pen.state().node(&here.node).and_then(|own| own.revoked_at(&party, &device)) {
            return Ok(Some(fate_of(pen, seq)));
        }
        let ahead = pen.ahead().node(&here.node).ok_or(NotDone::Retired)?;
        if ahead.revoked_at(&party, &device).is_some() {
            return Err(NotDone::UnderWay);
        }
        if ahead.has_no_room_for(&party) {
            return Err(NotDone::Full);
        }
        write_for(pen, Body::Revoked { revocation }, errand)
    }

    /// The operator lets a device in no more at this node, or does again.
    pub(crate) fn suspend(
        pen: &mut Pen<'_>,
        device: DeviceId,
        on: bool,
        errand: Errand,
    ) -> Result<Option<Fate>, NotDone> {
        let here = pen.here();
        if pen.ahead().known_device(&device).is_none_or(|known| known.party != here.party) {
            return Err(NotDone::NoSuchDevice);
        }
        if pen.ahead().is_revoked(&device) {
            return Err(NotDone::Revoked);
        }
        let said = |state: &State| state.node(&here.node).and_then(|own| own.suspended_at(&device));
        match (said(pen.state()), said(pen.ahead())) {
            (_, None) if !on => Err(NotDone::NotSuspended),
            (Some((now, seq)), Some((soon, _))) if now == on && soon == on => Ok(Some(fate_of(pen, seq))),
            (_, Some((soon, _))) if soon == on => Err(NotDone::UnderWay),
            _ => write_for(pen, Body::Suspended { device, on }, errand),
        }
    }
}

fn fate_of(pen: &Pen<'_>, seq: u64) -> Fate {
    if pen.is_recorded(seq) { Fate::Written } else { Fate::Unrecorded }
}

fn write_for(pen: &mut Pen<'_>, body: Body, errand: Errand) -> Result<Option<Fate>, NotDone> {
    pen.append(body, Vec::new(), After::Errand(errand)).map(|()| None).map_err(|_| NotDone::Busy)
}
