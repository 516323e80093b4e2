/** Microphone and camera: opened for a call, closed after it. */
import type { CaptureTrouble, Choice } from './engine';

export class CaptureError extends Error {
  constructor(readonly trouble: CaptureTrouble) {
    super(trouble);
  }
}

function troubleOf(error: unknown): CaptureTrouble {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'failed';
}

/** One track, or a {@link CaptureError} that the view can say in words. */
export async function capture(kind: 'microphone' | 'camera', id: string | null): Promise<MediaStreamTrack> {
  const deviceId = id ? { deviceId: { exact: id } } : {};
  try {
    const stream = await navigator.mediaDevices.getUserMedia(
      kind === 'microphone'
        ? { audio: { ...deviceId, echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } }
        : { video: { ...deviceId, width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 25, max: 30 } } },
    );
    return stream.getTracks()[0]!;
  } catch (error) {
    throw new CaptureError(troubleOf(error));
  }
}

export async function choices(): Promise<{ microphones: Choice[]; cameras: Choice[]; speakers: Choice[] }> {
  const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const of = (kind: MediaDeviceKind) => all.filter((d) => d.kind === kind && d.deviceId !== '').map((d) => ({ id: d.deviceId, label: d.label }));
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
}
