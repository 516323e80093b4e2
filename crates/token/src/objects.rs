//! Which objects of a token belong to a root: `spec/charter.md` §7.

use crate::enter::Entered;
use crate::error::TokenError;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};

/// `CKA_APPLICATION` of the sealed seed.
pub(crate) const APPLICATION: &[u8] = b"trialogue";

/// `CKA_LABEL` of the sealed seed: objects of class `CKO_DATA` have no `CKA_ID`.
pub(crate) fn sealed_label(id: &[u8]) -> Vec<u8> {
    format!("trialogue root {}", hex::encode(id)).into_bytes()
}

pub(crate) fn private(kind: KeyType, id: &[u8]) -> [Attribute; 3] {
    [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(kind), Attribute::Id(id.to_vec())]
}

pub(crate) fn public(kind: KeyType, id: &[u8]) -> [Attribute; 3] {
    [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(kind), Attribute::Id(id.to_vec())]
}

pub(crate) fn sealing(id: &[u8]) -> [Attribute; 3] {
    [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::KeyType(KeyType::AES), Attribute::Id(id.to_vec())]
}

pub(crate) fn sealed(id: &[u8]) -> [Attribute; 3] {
    [
        Attribute::Class(ObjectClass::DATA),
        Attribute::Application(APPLICATION.to_vec()),
        Attribute::Label(sealed_label(id)),
    ]
}

/// The one object that these attributes name, if it is there.
pub(crate) fn find(
    at: &Entered,
    template: &[Attribute],
    what: &'static str,
) -> Result<Option<ObjectHandle>, TokenError> {
    let found = at.session.find_objects(template).map_err(TokenError::said(&at.label, "look for a key"))?;
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(TokenError::Twice { token: at.label.clone(), what }),
    }
}

pub(crate) fn need(at: &Entered, template: &[Attribute], what: &'static str) -> Result<ObjectHandle, TokenError> {
    find(at, template, what)?.ok_or_else(|| TokenError::Missing { token: at.label.clone(), what })
}

/// One attribute of an object; none if the token does not say.
pub(crate) fn read(at: &Entered, object: ObjectHandle, what: AttributeType) -> Result<Option<Attribute>, TokenError> {
    let read = at.session.get_attributes(object, &[what]);
    Ok(read.map_err(TokenError::said(&at.label, "show an object"))?.into_iter().next())
}

/// The 32 bytes of an Ed25519 point. `CKA_EC_POINT` is the bare bytes since PKCS#11 3.0; older tokens wrap them in an
/// OCTET STRING or a BIT STRING.
pub(crate) fn ed25519_public(at: &Entered, object: ObjectHandle) -> Result<[u8; 32], TokenError> {
    let refused = || TokenError::Refused {
        token: at.label.clone(),
        what: "show the public key",
        why: "CKA_EC_POINT has another form".to_owned(),
    };
    let Some(Attribute::EcPoint(point)) = read(at, object, AttributeType::EcPoint)? else { return Err(refused()) };
    let bare = match point.as_slice() {
        [0x04, 0x20, bare @ ..] if bare.len() == 32 => bare,
        [0x03, 0x21, 0x00, bare @ ..] if bare.len() == 32 => bare,
        bare => bare,
    };
    bare.try_into().map_err(|_| refused())
}
