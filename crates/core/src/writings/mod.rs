//! What is written on the lines: said to be stored, and acknowledged in time.

pub(crate) mod overdue;
mod stored;
