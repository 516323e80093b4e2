//! Taking a copy of a leg's SRTP keys where DTLS hands them over.
//!
//! str0m seals a packet well, but does the bookkeeping of every stream of a leg for each: with forty places that costs
//! more than all the rest. Voice needs none of it, so voice is sealed here (`seal.rs`) with the keys that DTLS agreed
//! on; everything else stays with str0m. The keys are used only after str0m said that the leg is connected, which it
//! does once the fingerprint was checked.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use str0m::config::{CryptoProvider, DtlsVersion};
use str0m::crypto::CryptoError;
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion, SrtpProfile,
};
use zeroize::Zeroizing;

/// Keys of one leg: RFC 5764 §4.2, client before server, keys before salts.
pub(super) struct Keys {
    pub(super) material: Zeroizing<Vec<u8>>,
    pub(super) profile: SrtpProfile,
    /// The node is the DTLS client.
    pub(super) client: bool,
}

/// Where the keys of one leg come to lie.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Keys>>>);

impl Slot {
    /// Takes the keys out, once.
    pub(super) fn take(&self) -> Option<Keys> {
        self.0.lock().ok()?.take()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

thread_local! {
    /// The slot of the leg that is being made on this thread.
    static NEXT: RefCell<Option<Slot>> = const { RefCell::new(None) };
}

/// str0m's own provider, with the tap in place.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { dtls_provider: &Tap, ..str0m::crypto::from_feature_flags() })
}

/// Makes something whose DTLS keys come to lie in the slot that is given back.
pub(super) fn tapped<T>(make: impl FnOnce() -> T) -> (T, Slot) {
    let slot = Slot::default();
    NEXT.with_borrow_mut(|next| *next = Some(slot.clone()));
    let made = make();
    NEXT.with_borrow_mut(|next| *next = None);
    (made, slot)
}

#[derive(Debug)]
struct Tap;

impl DtlsProvider for Tap {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        inner().generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let dtls = inner().new_dtls(cert, now, version, mtu)?;
        let slot = NEXT.with_borrow_mut(Option::take).unwrap_or_default();
        Ok(Box::new(Tapped { dtls, slot }))
    }
}

fn inner() -> &'static dyn DtlsProvider {
    str0m::crypto::from_feature_flags().dtls_provider
}

#[derive(Debug)]
struct Tapped {
    dtls: Box<dyn DtlsInstance>,
    slot: Slot,
}

impl DtlsInstance for Tapped {
    fn set_active(&mut self, active: bool) {
        self.dtls.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.dtls.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.dtls.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output
            && let Ok(mut slot) = self.slot.0.lock()
        {
            let material = Zeroizing::new(material.to_vec());
            *slot = Some(Keys { material, profile: *profile, client: self.dtls.is_active() });
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.dtls.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.dtls.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.dtls.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.dtls.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.dtls.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.dtls.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.dtls.close()
    }
}
