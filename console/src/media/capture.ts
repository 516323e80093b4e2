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

export interface Devices {
  microphones: Choice[];
  cameras: Choice[];
  speakers: Choice[];
  /** The browser knows of no loudspeaker at all, not even one that it does not name. Null: it would not say. */
  mute: boolean | null;
}

export async function choices(): Promise<Devices> {
  const asked = (await navigator.mediaDevices?.enumerateDevices().catch(() => null)) ?? null;
  const all = asked ?? [];
  const of = (kind: MediaDeviceKind) =>
    all.filter((d) => d.kind === kind && d.deviceId !== '').map((d) => ({ id: d.deviceId, label: d.label }));
  // Two more names of the one that the system takes anyway: no choice.
  const speakers = of('audiooutput').filter((d) => d.id !== 'default' && d.id !== 'communications');
  // Firefox lists no outputs before a page may use a microphone; a browser that sends sound to a chosen one lists them all.
  const lists = globalThis.AudioContext !== undefined && 'setSinkId' in AudioContext.prototype;
  const mute = asked !== null && lists ? !asked.some((d) => d.kind === 'audiooutput') : null;
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers, mute };
}
