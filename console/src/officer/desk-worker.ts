/// <reference lib="webworker" />
/** Holds the party's root key, in WebAssembly, from the file picker until the desk is closed. What leaves is signed, never the key. */
import type { DeskView } from '../generated/DeskView';
import type { ProvenDevice } from '../generated/ProvenDevice';
import init, { Desk } from '../wasm/trialogue_console_wasm.js';
import type { DeskTrouble, EnrolledDevice, FromDesk, ToDesk } from './desk';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const DAY_MS = 86_400_000;
/** Longest file that is read: a key file is far shorter. */
const FILE_MAX = 16_384;

class Trouble extends Error {
  readonly trouble: DeskTrouble;
  readonly said: string;

  constructor(trouble: DeskTrouble, said = '') {
    super(trouble);
    this.trouble = trouble;
    this.said = said;
  }
}

/** Devices whose proofs are asked for at once (charter.md §8). */
const PROOFS_MAX = 16;

/** A device as the node lists it, under its names: nothing of it is proven. */
type Listed = {
  device: string;
  person: string;
  office: string;
  since_ms: number;
  revoked: boolean;
  suspended: boolean;
};
type Proof = { device: string; certificate: string | null; revocation: string | null };

/** What the node answers to a signed request. */
type Reply =
  | { kind: 'devices'; devices: Listed[] }
  | { kind: 'proofs'; proofs: Proof[] }
  | { kind: 'done' }
  | { kind: 'refused'; why: string };

type Challenge = { node: string; nonce: string };

let desk: Desk | null = null;

// One after the other.
let turn: Promise<unknown> = init();
scope.onmessage = ({ data }: MessageEvent<ToDesk>) => {
  turn = turn
    .then(() => take(data))
    .then(
      (done) => scope.postMessage({ id: data.id, done } satisfies FromDesk),
      (error: unknown) => scope.postMessage({ id: data.id, ...why(error) } satisfies FromDesk),
    );
};

const troubles = new Set<string>(['key', 'charter', 'office', 'name', 'time', 'random', 'node', 'device']);

/** The WebAssembly says what is wrong in one word. */
function why(error: unknown): { trouble: DeskTrouble; said: string } {
  if (error instanceof Trouble) return { trouble: error.trouble, said: error.said };
  const word = error instanceof Error ? error.message : '';
  return troubles.has(word) ? { trouble: word as DeskTrouble, said: '' } : { trouble: 'failed', said: word };
}

async function take(message: ToDesk): Promise<unknown> {
  switch (message.do) {
    case 'open':
      return open(message.file);
    case 'issue':
      return opened().issue(
        message.office,
        message.person,
        Date.now(),
        message.days * DAY_MS,
        crypto.getRandomValues(new Uint8Array(48)),
      );
    case 'devices': {
      const reply = await ask((node, nonce) => opened().devices(node, nonce));
      if (reply.kind !== 'devices') throw new Trouble('failed');
      return proven(reply.devices);
    }
    case 'revocation':
      return opened().revocation(message.device);
    case 'revoke':
      return void (await ask((node, nonce) => opened().revoke(node, nonce, message.revocation)));
    case 'close':
      desk?.free();
      desk = null;
      return;
  }
}

/** Who has each device, and which are revoked, by what the root has signed: a revocation is for good, and goes to whom it is meant for. */
async function proven(listed: Listed[]): Promise<EnrolledDevice[]> {
  const devices: EnrolledDevice[] = [];
  for (let at = 0; at < listed.length; at += PROOFS_MAX) {
    const part = listed.slice(at, at + PROOFS_MAX);
    const reply = await ask((node, nonce) =>
      opened().proofs(
        node,
        nonce,
        part.map((one) => one.device),
      ),
    );
    if (reply.kind !== 'proofs') throw new Trouble('failed');
    for (const one of part) {
      const shown = reply.proofs.find((proof) => proof.device === one.device);
      const holds = opened().proven(
        one.device,
        shown?.certificate ?? undefined,
        shown?.revocation ?? undefined,
      ) as ProvenDevice;
      const { person, office } = holds;
      const { since_ms: sinceMs, ...said } = one;
      devices.push({
        ...said,
        sinceMs,
        ...(person !== null && office !== null ? { person, office, certified: true } : { certified: false }),
        revoked: holds.revoked ? 'proven' : one.revoked ? 'said' : 'no',
      });
    }
  }
  return devices;
}

function opened(): Desk {
  if (!desk) throw new Trouble('key');
  return desk;
}

async function open(file: File): Promise<DeskView> {
  desk?.free();
  desk = null;
  if (file.size > FILE_MAX) throw new Trouble('key');
  // The key is read when everything else is there.
  const charter = new Uint8Array(await (await reach('/officer/charter')).arrayBuffer());
  const { node, nonce } = (await (await reach('/officer/nonce')).json()) as Challenge;
  const key = new Uint8Array(await file.arrayBuffer());
  let opened: Desk;
  try {
    opened = new Desk(key, charter);
  } finally {
    key.fill(0);
  }
  try {
    // Signs only for a node of the key's own party: at another one the desk stays closed.
    opened.devices(node, nonce);
  } catch (error) {
    opened.free();
    throw error;
  }
  desk = opened;
  return desk.view() as DeskView;
}

async function reach(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, { cache: 'no-store', ...init }).catch(() => {
    throw new Trouble('unreached');
  });
  if (answer.ok) return answer;
  const said = (await answer.json().catch(() => null)) as Reply | null;
  throw new Trouble('refused', said?.kind === 'refused' ? said.why : `HTTP ${answer.status}`);
}

/** Takes a nonce of the node, signs for it, and asks. */
async function ask(sign: (node: string, nonce: string) => Uint8Array): Promise<Reply> {
  const { node, nonce } = (await (await reach('/officer/nonce')).json()) as Challenge;
  const body = sign(node, nonce) as Uint8Array<ArrayBuffer>;
  const reply = (await (await reach('/officer/ask', { method: 'POST', body })).json()) as Reply;
  if (reply.kind === 'refused') throw new Trouble('refused', reply.why);
  return reply;
}
