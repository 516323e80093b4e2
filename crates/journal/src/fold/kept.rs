//! The state as bytes, for the node that folded it and for nobody else: it need not read all journals again when it starts. Who hands it over says
//! who wrote it; nothing in it is verified here.

use super::State;
use super::node::NodeState;
use minicbor::{Decoder, Encoder};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trialogue_charter::{NodeId, VerifiedCharter};

impl State {
    /// What all journals say, under this charter and [`super::FOLD_VERSION`].
    pub fn keep(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to a vector cannot fail.
        let _ = Encoder::new(&mut bytes).encode(&self.nodes);
        bytes
    }

    /// The state that [`State::keep`] has written under the same charter and the same version of the fold.
    pub fn kept(charter: Arc<VerifiedCharter>, bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        let nodes: BTreeMap<NodeId, NodeState> = decoder.decode().ok()?;
        let all: BTreeSet<&NodeId> = charter.nodes.iter().map(|node| &node.id).collect();
        let whole = decoder.position() == bytes.len() && nodes.keys().eq(all);
        whole.then_some(Self { charter, nodes, known: BTreeSet::new() })
    }
}

/// What is shared is written once for each that shares it.
pub(super) mod shared {
    use minicbor::decode::{self, Decode, Decoder};
    use minicbor::encode::{self, Encode, Encoder, Write};
    use std::sync::Arc;

    pub fn encode<C, T: Encode<C>, W: Write>(
        value: &Arc<T>,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        value.as_ref().encode(e, ctx)
    }

    pub fn decode<'b, C, T: Decode<'b, C>>(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Arc<T>, decode::Error> {
        T::decode(d, ctx).map(Arc::new)
    }
}

/// The same where there may be none.
pub(super) mod optional {
    use minicbor::decode::{self, Decode, Decoder};
    use minicbor::encode::{self, Encode, Encoder, Write};
    use std::sync::Arc;

    pub fn encode<C, T: Encode<C>, W: Write>(
        value: &Option<Arc<T>>,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        value.as_deref().encode(e, ctx)
    }

    pub fn decode<'b, C, T: Decode<'b, C>>(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Option<Arc<T>>, decode::Error> {
        Ok(Option::<T>::decode(d, ctx)?.map(Arc::new))
    }
}
