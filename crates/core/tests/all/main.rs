//! All tests of this crate from outside, in one program: each further program would compile and link the generic code
//! of its libraries once more.
#![allow(clippy::unwrap_used)]

mod a_member_speaks_for_another;
mod packets_go_where_the_routes_say;
mod pictures_share_the_room;
