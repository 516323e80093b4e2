//! Key files as text: a heading, then `name: value` lines; `#` begins a comment. Secret ones hold seeds and are read by
//! one account only; public ones are handed to whoever drafts the charter.

mod lines;
mod public;
mod secret;
mod token;

pub use lines::BadKeyFile;
pub use public::{NodePublic, PartyPublic};
pub use secret::{NodeSecret, RootSecret};
pub use token::RootToken;
