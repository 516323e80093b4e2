//! Charters that take the place of one another.

mod lineage;

pub(crate) use lineage::Lineage;
