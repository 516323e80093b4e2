//! The web console: its packages, its build in `console/dist/`, its own checks.

use anyhow::Result;

use crate::node::Npm;
use crate::paths;
use crate::stamp::Stamp;
use crate::wasm;

/// Brings `console/dist/` up to date.
pub fn build() -> Result<()> {
    wasm::build()?;
    let npm = packages()?;
    let stamp = Stamp::new("console").path(&paths::console())?;
    if stamp.is_fresh() && paths::console_dist().join("index.html").exists() {
        return Ok(());
    }
    npm.step("Build the console").args(["run", "build"]).quiet().run()?;
    stamp.write()
}

/// Types, markup and unit tests of the console; expects it built.
pub fn check() -> Result<()> {
    let npm = packages()?;
    let stamp = Stamp::new("console-check").path(&paths::console())?;
    if stamp.is_fresh() {
        return Ok(());
    }
    npm.step("Check the console's types").args(["run", "check"]).run()?;
    npm.step("Test the console's units").args(["run", "test:unit"]).run()?;
    stamp.write()
}

/// The form of everything in the console that people write; what is not as Prettier writes it is named.
pub fn format() -> Result<()> {
    let npm = packages()?;
    let stamp = Stamp::new("console-format").path(&paths::console())?;
    if stamp.is_fresh() {
        return Ok(());
    }
    npm.step("Check the console's format (`npm run format` in console/ mends it)")
        .args(["run", "--silent", "format:check"])
        .quiet()
        .run()?;
    stamp.write()
}

/// `console/node_modules/`, exactly as `package-lock.json` says.
pub fn packages() -> Result<Npm> {
    let npm = Npm::find()?;
    let console = paths::console();
    let stamp = Stamp::new("npm").path(&console.join("package.json"))?.path(&console.join("package-lock.json"))?;
    if !(stamp.is_fresh() && console.join("node_modules").exists()) {
        npm.step("Fetch the console's packages")
            .args(["ci", "--no-audit", "--no-fund", "--prefer-offline"])
            .usually("a minute")
            .quiet()
            .run()?;
        stamp.write()?;
    }
    Ok(npm)
}
