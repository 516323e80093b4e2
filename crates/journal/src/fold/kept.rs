//! The state as bytes, for the node that folded it and for nobody else: it need not read all journals again when it
//! starts. Who hands it over says who wrote it; nothing in it is verified here.

use super::node::NodeState;
use super::on_line::OnLine;
use minicbor::decode::{self, Decode, Decoder};
use minicbor::encode::{self, Encode, Encoder, Write};
use std::collections::{BTreeMap, BTreeSet};
use trialogue_charter::{NodeId, VerifiedCharter};

/// What all journals say.
pub(super) fn keep(nodes: &BTreeMap<NodeId, NodeState>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a vector cannot fail.
    let _ = Encoder::new(&mut bytes).encode(nodes);
    bytes
}

/// What [`keep`] has written of all nodes of the charter.
pub(super) fn kept(charter: &VerifiedCharter, bytes: &[u8]) -> Option<BTreeMap<NodeId, NodeState>> {
    let mut decoder = Decoder::new(bytes);
    let nodes: BTreeMap<NodeId, NodeState> = decoder.decode().ok()?;
    let all: BTreeSet<&NodeId> = charter.nodes.iter().map(|node| &node.id).collect();
    (decoder.position() == bytes.len() && nodes.keys().eq(all)).then_some(nodes)
}

/// A part whose fields stand in a row among those of its whole: in the bytes it is none.
pub(super) trait Row: Sized {
    fn encode_row<C, W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), encode::Error<W::Error>>;
    fn decode_row<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Self, decode::Error>;
}

/// The fields in their order, which is that of the bytes.
macro_rules! in_a_row {
    ($part:ident { $($field:ident),+ }) => {
        impl $crate::fold::kept::Row for $part {
            fn encode_row<C, W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                ctx: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                $(minicbor::Encode::encode(&self.$field, e, ctx)?;)+
                Ok(())
            }

            fn decode_row<C>(d: &mut minicbor::Decoder<'_>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
                $(let $field = minicbor::Decode::decode(d, ctx)?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}
pub(super) use in_a_row;

/// Items of a journal's state.
const NODE_ITEMS: u64 = 18;

impl<C> Encode<C> for NodeState {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.array(NODE_ITEMS)?;
        self.id.encode(e, ctx)?;
        self.party.encode(e, ctx)?;
        self.course.encode(e, ctx)?;
        self.enrolled.encode_row(e, ctx)?;
        self.on_watch.encode_row(e, ctx)?;
        self.lines.encode(e, ctx)?;
        self.missed.encode(e, ctx)?;
        self.duties.encode_row(e, ctx)?;
        self.consultations.encode_row(e, ctx)?;
        self.tests.encode(e, ctx)?;
        self.seen.encode(e, ctx)?;
        self.writings.encode(e, ctx)?;
        self.barred.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for NodeState {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        items(d, NODE_ITEMS)?;
        Ok(Self {
            id: Decode::decode(d, ctx)?,
            party: Decode::decode(d, ctx)?,
            course: Decode::decode(d, ctx)?,
            enrolled: Row::decode_row(d, ctx)?,
            on_watch: Row::decode_row(d, ctx)?,
            lines: Decode::decode(d, ctx)?,
            missed: Decode::decode(d, ctx)?,
            duties: Row::decode_row(d, ctx)?,
            consultations: Row::decode_row(d, ctx)?,
            tests: Decode::decode(d, ctx)?,
            seen: Decode::decode(d, ctx)?,
            writings: Decode::decode(d, ctx)?,
            barred: Decode::decode(d, ctx)?,
        })
    }
}

fn items(d: &mut Decoder<'_>, wanted: u64) -> Result<(), decode::Error> {
    match d.array()? {
        Some(items) if items == wanted => Ok(()),
        _ => Err(decode::Error::message("not a state of this version")),
    }
}

/// Items of a line.
const LINE_ITEMS: u64 = 5;

impl<C> Encode<C> for OnLine {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.array(LINE_ITEMS)?;
        self.present.encode(e, ctx)?;
        self.responses.encode(e, ctx)?;
        self.keys.encode_row(e, ctx)?;
        self.forgeries.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for OnLine {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        items(d, LINE_ITEMS)?;
        Ok(Self {
            present: Decode::decode(d, ctx)?,
            responses: Decode::decode(d, ctx)?,
            keys: Row::decode_row(d, ctx)?,
            forgeries: Decode::decode(d, ctx)?,
        })
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
