// Is the picture on a tile the clip that its sender shows? Its patch says whose it is, and it is like a frame of that clip, small and grey.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { assets } from './hotline.mjs';

const WIDTH = 32;
const HEIGHT = 24;
const clips = new Map();

/** All frames of a clip as grey thumbnails. */
function frames(clip) {
  if (!clips.has(clip)) {
    const raw = execFileSync(
      'ffmpeg',
      [
        '-v',
        'error',
        '-i',
        join(assets, clip),
        '-vf',
        `scale=${WIDTH}:${HEIGHT}:flags=area,format=gray`,
        '-f',
        'rawvideo',
        '-',
      ],
      { maxBuffer: 1 << 26 },
    );
    const size = WIDTH * HEIGHT;
    clips.set(
      clip,
      Array.from({ length: Math.floor(raw.length / size) }, (_, i) => raw.subarray(i * size, (i + 1) * size)),
    );
  }
  return clips.get(clip);
}

/** Colours of the patch in the upper left corner of each clip (`xtask/src/assets.rs`): red, green, blue. */
const PATCHES = { 'video-1.mjpeg': [255, 0, 0], 'video-2.mjpeg': [0, 255, 0], 'video-3.mjpeg': [0, 0, 255] };

/** The clip whose patch the tile of `device` shows now; null: none of them. */
export async function patch(page, device) {
  const colour = await page.evaluate((id) => {
    const video = document.querySelector(`[data-member="${id}"] video`);
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    // The inner half of the patch, which takes 48 of 320 columns and 48 of 240 rows.
    const [width, height] = [video.videoWidth, video.videoHeight];
    context.drawImage(video, width * 0.0375, height * 0.05, width * 0.075, height * 0.1, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }, device);
  const far = (other) => Math.max(...other.map((value, at) => Math.abs(value - colour[at])));
  return Object.keys(PATCHES).find((clip) => far(PATCHES[clip]) < 100) ?? null;
}

/** What the tile of `device` shows now, as a grey thumbnail. */
export async function thumbnail(page, device) {
  const values = await page.evaluate(
    ([id, width, height]) => {
      const video = document.querySelector(`[data-member="${id}"] video`);
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      context.imageSmoothingQuality = 'high';
      context.drawImage(video, 0, 0, width, height);
      const { data } = context.getImageData(0, 0, width, height);
      return Array.from({ length: width * height }, (_, i) =>
        Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]),
      );
    },
    [device, WIDTH, HEIGHT],
  );
  return Uint8Array.from(values);
}

function correlation(a, b) {
  const mean = (x) => x.reduce((s, v) => s + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/** Likeness −1…1 of the picture with the best frame of the clip. */
export function likeness(picture, clip) {
  return Math.max(...frames(clip).map((frame) => correlation(picture, frame)));
}
