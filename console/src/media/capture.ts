/** Microphone and camera, as the browser gives them. */
import type { CaptureTrouble, Choice } from './engine';

export type Device = 'microphone' | 'camera';

export class CaptureError extends Error {
  readonly trouble: CaptureTrouble;

  constructor(trouble: CaptureTrouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

function troubleOf(error: unknown): CaptureTrouble {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'failed';
}

/** One track, or a {@link CaptureError} that the view can say in words. A browser that asks its user first may never answer. */
export async function capture(kind: Device, id: string | null): Promise<MediaStreamTrack> {
  const deviceId = id ? { deviceId: { exact: id } } : {};
  const audio = { ...deviceId, echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  const video = {
    ...deviceId,
    width: { ideal: 640 },
    height: { ideal: 360 },
    frameRate: { ideal: 25, max: 30 },
  };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(kind === 'microphone' ? { audio } : { video });
    return stream.getTracks()[0]!;
  } catch (error) {
    throw new CaptureError(troubleOf(error));
  }
}

export async function choices(): Promise<{ microphones: Choice[]; cameras: Choice[]; speakers: Choice[] }> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => null)) ?? [];
  const of = (kind: MediaDeviceKind) =>
    all.filter((d) => d.kind === kind && d.deviceId !== '').map((d) => ({ id: d.deviceId, label: d.label }));
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
}
