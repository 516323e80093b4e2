//! Which steps are up to date: a step is done again only when what it reads has changed.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::paths;

/// Directories that hold products, never inputs.
const PRODUCTS: [&str; 5] = ["node_modules", "dist", "target", "paraglide", "test-results"];

/// A fingerprint of a step's inputs, kept beside its products when it has succeeded.
pub struct Stamp {
    file: PathBuf,
    hasher: DefaultHasher,
}

impl Stamp {
    pub fn new(name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Self { file: paths::notes().join(format!("{name}.stamp")), hasher }
    }

    pub fn text(mut self, text: &str) -> Self {
        text.hash(&mut self.hasher);
        self
    }

    /// A file, or every file below a directory.
    pub fn path(mut self, path: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(path, &mut files)?;
        files.sort();
        for file in files {
            file.hash(&mut self.hasher);
            fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut self.hasher);
        }
        Ok(self)
    }

    /// Whether the step has succeeded with just these inputs.
    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.digest())
    }

    /// Remembers success.
    pub fn write(&self) -> Result<()> {
        fs::create_dir_all(paths::notes())?;
        fs::write(&self.file, self.digest())?;
        Ok(())
    }

    fn digest(&self) -> String {
        format!("{:016x}", self.hasher.finish())
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    if !path.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let product = PRODUCTS.iter().any(|product| name == *product);
        if !product && !name.to_string_lossy().starts_with('.') {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}
