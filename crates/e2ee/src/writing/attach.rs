//! Files attached to a message: each sealed chunk by chunk under a key of its own, which stands in the message's sealed
//! content (sealing.md §9). What nodes carry are chunks of one size; which file they belong to, its name and its length
//! are known to the readers alone.

use crate::chance::Chance;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha384};
use trialogue_charter::Hash;
use trialogue_charter::text::{Form, refuse};
use trialogue_journal::limits::{CHUNK_MAX, CHUNKS_MAX};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a file in one chunk; the last has the rest.
pub const PIECE: usize = CHUNK_MAX - TAG;
/// Most bytes of all files of a message together.
pub const FILES_BYTES_MAX: u64 = 100_000_000;
/// Most files of a message.
pub const FILES_MAX: usize = 8;
/// Most characters of a file's name.
pub const NAME_MAX: usize = 120;
const TAG: usize = 16;
/// The last chunk is padded to a multiple of this.
const PAD: usize = 4_096;

/// A file, as the message's content says it. No `Debug` of its key; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct File {
    /// Its name; 1 to [`NAME_MAX`] characters, no path.
    #[n(1)]
    pub name: String,
    /// Its length in bytes, at least 1.
    #[n(2)]
    pub size: u64,
    /// SHA-384 of it.
    #[n(3)]
    pub digest: Hash,
    #[n(4)]
    key: ByteArray<32>,
}

impl Drop for File {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Why a file cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No name that can be shown, or no length that can be sent.
    #[error(
        "a file must have 1 to {FILES_BYTES_MAX} bytes, and a name of at most {NAME_MAX} visible characters without a path"
    )]
    Form,
    /// More or less was given than the file is long: it changed meanwhile.
    #[error("the file has changed while it was read")]
    Changed,
    /// Not what was sealed.
    #[error("a part of the file is not what was sealed")]
    Seal,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

fn pieces(size: u64) -> usize {
    usize::try_from(size.div_ceil(PIECE as u64)).unwrap_or(usize::MAX)
}

impl File {
    /// How many chunks it has.
    #[must_use]
    pub fn chunks(&self) -> usize {
        pieces(self.size)
    }

    pub(super) fn fits(&self) -> bool {
        refuse(&self.name, Form::File, NAME_MAX).is_ok() && (1..=FILES_BYTES_MAX).contains(&self.size)
    }
}

/// Do they fit into one message together?
pub fn fit_together(files: &[File]) -> bool {
    // Sizes are another party's claim: none is summed that is not within its own bound.
    if files.len() > FILES_MAX || !files.iter().all(File::fits) {
        return false;
    }
    let bytes: u64 = files.iter().map(|file| file.size).sum();
    let chunks: usize = files.iter().map(File::chunks).sum();
    bytes <= FILES_BYTES_MAX && chunks <= CHUNKS_MAX
}

fn nonce(at: usize) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&(at as u64).to_be_bytes());
    Nonce::from(nonce)
}

/// Seals one file, piece by piece.
pub struct FileSealer {
    file: File,
    hash: Sha384,
    done: u64,
}

impl FileSealer {
    /// Under a fresh key.
    ///
    /// # Errors
    /// [`FileError::Form`], [`FileError::Random`].
    pub fn new(name: &str, size: u64, chance: &mut Chance) -> Result<Self, FileError> {
        let key = chance.secret().map_err(|_| FileError::Random)?;
        let file = File { name: name.to_owned(), size, digest: Hash([0; Hash::LEN]), key: (*key).into() };
        if file.fits() { Ok(Self { file, hash: Sha384::new(), done: 0 }) } else { Err(FileError::Form) }
    }

    /// What it will be; its digest is not known yet.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// How long the next piece must be; 0: that was all.
    #[must_use]
    pub fn next(&self) -> usize {
        usize::try_from((self.file.size - self.done).min(PIECE as u64)).unwrap_or(PIECE)
    }

    /// Seals the next piece into a chunk.
    ///
    /// # Errors
    /// [`FileError::Changed`] when it has another length than [`FileSealer::next`] says.
    pub fn seal(&mut self, piece: &[u8]) -> Result<Vec<u8>, FileError> {
        if piece.is_empty() || piece.len() != self.next() {
            return Err(FileError::Changed);
        }
        let at = usize::try_from(self.done / PIECE as u64).map_err(|_| FileError::Form)?;
        let mut padded = Zeroizing::new(Vec::with_capacity(PIECE));
        padded.extend_from_slice(piece);
        padded.resize(piece.len().next_multiple_of(PAD).min(PIECE), 0);
        self.hash.update(piece);
        self.done += piece.len() as u64;
        let cipher = Aes256Gcm::new((&*self.file.key).into());
        cipher.encrypt(&nonce(at), padded.as_slice()).map_err(|_| FileError::Seal)
    }

    /// All of it was sealed.
    ///
    /// # Errors
    /// [`FileError::Changed`] when it was not.
    pub fn finish(self) -> Result<File, FileError> {
        if self.next() != 0 {
            return Err(FileError::Changed);
        }
        let mut file = self.file.clone();
        file.digest = Hash(self.hash.finalize().into());
        Ok(file)
    }
}

/// Opens one file, piece by piece.
pub struct FileOpener {
    file: File,
    hash: Sha384,
    done: u64,
}

impl FileOpener {
    /// From its first byte.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self { file, hash: Sha384::new(), done: 0 }
    }

    /// How much of it was opened, in bytes.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Opens the next chunk. What it gives is not to be used before all of it is ([`FileOpener::is_whole`]).
    ///
    /// # Errors
    /// [`FileError::Seal`].
    pub fn open(&mut self, chunk: &[u8]) -> Result<Zeroizing<Vec<u8>>, FileError> {
        let left = self.file.size - self.done;
        if left == 0 || chunk.len() > CHUNK_MAX {
            return Err(FileError::Seal);
        }
        let at = usize::try_from(self.done / PIECE as u64).map_err(|_| FileError::Seal)?;
        let cipher = Aes256Gcm::new((&*self.file.key).into());
        let mut piece = cipher.decrypt(&nonce(at), chunk).map(Zeroizing::new).map_err(|_| FileError::Seal)?;
        let len = usize::try_from(left.min(PIECE as u64)).unwrap_or(PIECE);
        if piece.len() < len {
            return Err(FileError::Seal);
        }
        piece.truncate(len);
        self.hash.update(&*piece);
        self.done += len as u64;
        Ok(piece)
    }

    /// All of it was opened, and it is the file that was attached.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let digest: [u8; Hash::LEN] = self.hash.clone().finalize().into();
        self.done == self.file.size && digest == self.file.digest.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sealer_of(name: &str, size: u64) -> Result<FileSealer, FileError> {
        FileSealer::new(name, size, &mut crate::chance::any())
    }

    fn sealed(bytes: &[u8]) -> (File, Vec<Vec<u8>>) {
        let mut sealer = sealer_of("海図.pdf", bytes.len() as u64).unwrap();
        let chunks = bytes.chunks(PIECE).map(|piece| sealer.seal(piece).unwrap()).collect();
        (sealer.finish().unwrap(), chunks)
    }

    fn opened(file: &File, chunks: &[Vec<u8>]) -> Result<Vec<u8>, FileError> {
        let mut opener = FileOpener::new(file.clone());
        let mut bytes = Vec::new();
        for chunk in chunks {
            bytes.extend_from_slice(&opener.open(chunk)?);
        }
        if opener.is_whole() { Ok(bytes) } else { Err(FileError::Seal) }
    }

    #[test]
    fn a_file_comes_back_as_it_was_whatever_its_length() {
        for len in [1, PAD, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17] {
            let bytes: Vec<u8> = (0..len).map(|at| (at * 7 + len) as u8).collect();
            let (file, chunks) = sealed(&bytes);
            assert_eq!(chunks.len(), file.chunks());
            assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK_MAX));
            assert_eq!(opened(&file, &chunks), Ok(bytes), "{len} bytes");
        }
    }

    #[test]
    fn chunks_that_are_bent_missing_swapped_or_of_another_file_are_refused() {
        let bytes = vec![5; 2 * PIECE + 9];
        let (file, chunks) = sealed(&bytes);
        let (other, of_other) = sealed(&bytes);
        let refused = Err(FileError::Seal);
        assert_eq!(opened(&file, &of_other), refused);
        assert_eq!(opened(&other, &chunks), refused);
        assert_eq!(opened(&file, &chunks[..2]), refused, "the end is missing");
        assert_eq!(opened(&file, &[chunks[1].clone(), chunks[0].clone(), chunks[2].clone()]), refused);
        assert_eq!(opened(&file, &[&chunks[..], &chunks[2..]].concat()), refused, "something follows");
        for at in [0, 1, 100_000, CHUNK_MAX - 1] {
            let mut bent = chunks.clone();
            bent[0][at] ^= 1;
            assert_eq!(opened(&file, &bent), refused);
        }
        let mut cut = chunks.clone();
        cut[2].truncate(20);
        assert_eq!(opened(&file, &cut), refused);
        // A writer that lies about the digest is found out at the end.
        let mut liar = file.clone();
        liar.digest = Hash::of(b"something else");
        assert_eq!(opened(&liar, &chunks), refused);
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_not_sent() {
        let mut sealer = sealer_of("log.txt", 10).unwrap();
        assert!(sealer.seal(&[0; 9]).is_err() && sealer.seal(&[0; 11]).is_err() && sealer.seal(&[]).is_err());
        assert_eq!(sealer_of("log.txt", 10).unwrap().finish().err(), Some(FileError::Changed));
        sealer.seal(&[0; 10]).unwrap();
        assert!(sealer.seal(&[0; 1]).is_err());
        assert!(sealer.finish().is_ok());
    }

    #[test]
    fn names_are_names_and_nothing_else() {
        for name in [
            "",
            " ",
            ".",
            "..",
            "a/b",
            "..\\b",
            "a\nb",
            "a\u{202e}fdp.exe",
            "a\u{0}",
            "report.pdf\u{3164}\u{3164}.exe",
            "report.pdf\u{2800}.exe",
            "report.pdf    .exe",
            "a\u{61c}b",
            "a\u{200d}b",
            "a\u{ad}b",
            "a\u{e0041}b",
            &"x".repeat(121),
        ] {
            assert!(sealer_of(name, 1).is_err(), "{name:?}");
        }
        for name in ["보고서 (최종).hwp", "海図.pdf", ".bashrc", &"x".repeat(120)] {
            assert!(sealer_of(name, 1).is_ok(), "{name:?}");
        }
        assert!(sealer_of("a", 0).is_err() && sealer_of("a", FILES_BYTES_MAX + 1).is_err());
    }
}
