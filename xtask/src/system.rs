//! What each step needs from the system, and the line that installs it.

use std::path::Path;

use anyhow::{Result, bail};

use crate::step::{Step, probe};

/// One need: how to see that it is met, and the Debian packages that meet it.
pub struct Need {
    pub what: &'static str,
    pub packages: &'static [&'static str],
    pub met: Met,
}

/// How a need shows that it is met.
pub enum Met {
    /// A program on the path that answers to these arguments.
    Program(&'static str, &'static [&'static str]),
    /// A file or directory that the package brings.
    File(&'static str),
    /// The package itself, where another package brings a file of the same name.
    Package(&'static str),
}

const DEBIAN_WASM: Need =
    Need { what: "a Rust with WebAssembly", packages: &["rustc-web", "cargo-web"], met: Met::Package("cargo-web") };
const DEBIAN_WASM_SOURCE: Need = Need {
    what: "the source of Rust's standard library",
    packages: &["rust-web-src"],
    met: Met::Package("rust-web-src"),
};
const DEBIAN_WASM_LINKER: Need =
    Need { what: "a WebAssembly linker", packages: &["lld-19"], met: Met::Program("wasm-ld-19", &["--version"]) };
/// Building WebAssembly with Debian's own Rust, where rustup cannot fetch the target.
pub const WASM: [&Need; 3] = [&DEBIAN_WASM, &DEBIAN_WASM_SOURCE, &DEBIAN_WASM_LINKER];

const C_COMPILER: Need =
    Need { what: "a C and C++ compiler", packages: &["build-essential"], met: Met::Program("c++", &["--version"]) };
const CMAKE: Need =
    Need { what: "CMake, for the Opus codec", packages: &["cmake"], met: Met::Program("cmake", &["--version"]) };
/// Building the programs.
pub const NATIVE: [&Need; 2] = [&C_COMPILER, &CMAKE];

// The tool's package brings the module along; the module's alone would leave tests without the tool.
const SOFT_TOKEN: Need = Need {
    what: "PKCS#11 tokens in software",
    packages: &["softhsm2"],
    met: Met::Program("softhsm2-util", &["--version"]),
};
/// Testing what officers do with tokens.
pub const TOKEN: [&Need; 1] = [&SOFT_TOKEN];

const TRACER: Need = Need {
    what: "a tracer that makes system calls fail",
    packages: &["strace"],
    met: Met::Program("strace", &["--version"]),
};
const WRONG_CLOCK: Need =
    Need { what: "wrong clocks", packages: &["faketime"], met: Met::Program("faketime", &["--version"]) };
/// Testing what a failing machine does.
pub const MACHINE: [&Need; 2] = [&TRACER, &WRONG_CLOCK];

const IPROUTE: Need = Need { what: "network namespaces", packages: &["iproute2"], met: Met::Program("ip", &["-V"]) };
const NFT: Need =
    Need { what: "kernel packet loss", packages: &["nftables"], met: Met::Program("nft", &["--version"]) };
/// Whole nodes on bad networks.
pub const NAMESPACES: [&Need; 2] = [&IPROUTE, &NFT];

const PIP: Need = Need {
    what: "pip",
    packages: &["python3", "python3-pip"],
    met: Met::Program("python3", &["-m", "pip", "--version"]),
};
/// Fetching from PyPI.
pub const PYPI: [&Need; 1] = [&PIP];

const FFMPEG: Need = Need { what: "ffmpeg", packages: &["ffmpeg"], met: Met::Program("ffmpeg", &["-version"]) };
const ESPEAK: Need =
    Need { what: "a speech synthesizer", packages: &["espeak-ng"], met: Met::Program("espeak-ng", &["--version"]) };
const SPEECH: Need = Need {
    what: "recorded speech",
    packages: &["asterisk-core-sounds-en-wav"],
    met: Met::File("/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.wav"),
};
/// Making speech and video for the media tests.
pub const MEDIA: [&Need; 4] = [&FFMPEG, &ESPEAK, &SPEECH, &PIP];

const CHROMIUM: Need =
    Need { what: "a browser", packages: &["chromium"], met: Met::Program("chromium", &["--version"]) };
const CJK_FONTS: Need = Need {
    what: "Japanese and Korean fonts",
    packages: &["fonts-noto-cjk"],
    met: Met::File("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
};
const PDF_READER: Need =
    Need { what: "a reader of PDF", packages: &["poppler-utils"], met: Met::Program("pdftotext", &["-v"]) };
/// Testing documents: a reader that is not ours, and the font in which they are set.
pub const DOCUMENTS: [&Need; 2] = [&PDF_READER, &CJK_FONTS];

/// Browser tests.
pub const BROWSER: [&Need; 2] = [&CHROMIUM, &CJK_FONTS];

/// Everything but the way to WebAssembly, which depends on what rustup can fetch.
pub const ALL: [&Need; 13] = [
    &C_COMPILER,
    &CMAKE,
    &SOFT_TOKEN,
    &TRACER,
    &WRONG_CLOCK,
    &PIP,
    &FFMPEG,
    &ESPEAK,
    &SPEECH,
    &PDF_READER,
    &CHROMIUM,
    &CJK_FONTS,
    &CA,
];

const CA: Need = Need {
    what: "certificates of public registries",
    packages: &["ca-certificates"],
    met: Met::File("/etc/ssl/certs/ca-certificates.crt"),
};

/// Sees that every need is met: as root by installing, otherwise by naming the line that does.
pub fn ensure(needs: &[&Need]) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().copied().filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what: Vec<&str> = missing.iter().map(|need| need.what).collect();
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    let line = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if probe("id", &["-u"]).as_deref() != Some("0") || probe("apt-get", &["--version"]).is_none() {
        bail!("missing: {}. Install with:\n    sudo {line}", what.join(", "));
    }
    if install(&packages).is_err() {
        apt("Refresh the package lists").args(["update"]).run()?;
        install(&packages)?;
    }
    match missing.iter().find(|need| !need.is_met()) {
        Some(need) => bail!("{} is still missing after: {line}", need.what),
        None => Ok(()),
    }
}

fn install(packages: &[&str]) -> Result<()> {
    apt(format!("Install {}", packages.join(" ")))
        .args(["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"])
        .args(packages)
        .run()
}

fn apt(what: impl Into<String>) -> Step {
    Step::new(what, "apt-get").env("DEBIAN_FRONTEND", "noninteractive").usually("a minute").quiet()
}

impl Need {
    fn is_met(&self) -> bool {
        match self.met {
            Met::Program(program, args) => probe(program, args).is_some(),
            Met::File(path) => Path::new(path).exists(),
            Met::Package(name) => probe("dpkg-query", &["-W", "-f", "${Status}", name])
                .is_some_and(|status| status == "install ok installed"),
        }
    }
}
