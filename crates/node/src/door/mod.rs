//! Who gets in at a door that anybody may knock at: HTTPS and WebSockets, media over TCP, links, the officer's
//! requests.
//!
//! Nobody is turned away for coming last. When all places of a door are taken, the address that holds the most of them
//! loses its oldest one, and some places are kept for addresses that have proven themselves here before, or that the
//! charter names ([decision 38](../../../../docs/decisions/0038-who-comes-last-gets-in.md)).

mod cut;
mod group;
mod keeper;
mod pace;
mod places;

pub(crate) use cut::{Cut, Ended};
pub(crate) use group::Group;
pub(crate) use keeper::{Keeper, Place};
pub(crate) use pace::Paces;
pub(crate) use places::{Known, Places, Standing};
