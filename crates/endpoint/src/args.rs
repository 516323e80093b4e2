//! What an endpoint is asked to do.

use std::path::PathBuf;

/// A console without a screen.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Where the identity is kept (directory, made if missing). Holds the device's secret: mode 0700.
    #[arg(long)]
    pub identity: PathBuf,
    /// Enrolment link, needed the first time; later the address of the node is enough.
    #[arg(long)]
    pub link: Option<String>,
    /// Address of the own node, for example `http://localhost:8443`; by default the one in the enrolment link.
    #[arg(long)]
    pub node: Option<String>,
    /// Certificates to trust for an https address (PEM), instead of the system's.
    #[arg(long)]
    pub ca: Option<PathBuf>,
    /// Ring this line as soon as the node has accepted the endpoint.
    #[arg(long, conflicts_with = "answer")]
    pub ring: Option<String>,
    /// Answer rings on this line, or on `any`.
    #[arg(long)]
    pub answer: Option<String>,
    /// Play this WAV as voice (48 kHz, mono, 16 bit), over and over. Without it: silence, at the same constant rate.
    #[arg(long)]
    pub wav: Option<PathBuf>,
    /// Show this VP8 IVF file, over and over. Without it: no picture.
    #[arg(long)]
    pub video: Option<PathBuf>,
    /// Record here: `<device>.wav` and `<device>.ivf` per sender (directory, made if missing).
    #[arg(long)]
    pub record: Option<PathBuf>,
    /// Start muted.
    #[arg(long)]
    pub mute: bool,
    /// Not on watch: rings do not count this endpoint.
    #[arg(long)]
    pub off_watch: bool,
    /// Places for voices (0 to 24).
    #[arg(long, default_value_t = 12)]
    pub voices: usize,
    /// Places for pictures (0 to 16).
    #[arg(long, default_value_t = 8)]
    pub pictures: usize,
    /// Tests the line by itself; see `trialogue station`.
    #[arg(skip)]
    pub station: bool,
    /// Write and read on the written line: the keys for it are kept beside the identity, sealed.
    #[arg(long)]
    pub writings: bool,
    /// Fills the party's archive; see `trialogue archive`.
    #[arg(skip)]
    pub archive: Option<crate::archive::Archiving>,
    /// Stop after so many seconds.
    #[arg(long = "for")]
    pub seconds: Option<u64>,
    /// Obey JSON commands, one per line, from standard input (`docs/endpoint.md`); its end stops the endpoint.
    #[arg(long)]
    pub stdin: bool,
}
