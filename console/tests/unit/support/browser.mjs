// What a browser has and Node has not, as little of it as the engine touches: workers, devices, the tab's storage. Tests say what each of them does.
import { mock } from 'node:test';

/** A worker that does nothing by itself. */
export class FakeWorker {
  constructor(name) {
    this.name = name;
    this.told = [];
    this.isEnded = false;
  }

  postMessage(message) {
    this.told.push(message);
  }

  terminate() {
    this.isEnded = true;
  }

  /** It says something to the page, unless it was ended or nobody listens. */
  say(data) {
    if (!this.isEnded) this.onmessage?.({ data });
  }

  /** It throws, or could not be loaded. */
  fail(message) {
    this.onerror?.({ message });
  }

  last(kind) {
    return this.told.findLast((message) => message.kind === kind);
  }
}

/** A track of a device; `lose` pulls the device out. */
export class FakeTrack extends EventTarget {
  readyState = 'live';

  stop() {
    this.readyState = 'ended';
  }

  lose() {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

class FakeStream {
  constructor(tracks) {
    this.tracks = tracks;
  }

  getTracks() {
    return this.tracks;
  }
}

/** Questions for a microphone or camera, in their order, each answered by the test or never. */
export class Questions {
  all = [];

  ask(kind, id) {
    return new Promise((resolve, reject) => this.all.push({ kind, id, resolve, reject }));
  }

  of(kind) {
    return this.all.filter((question) => question.kind === kind);
  }

  /** The newest one is answered with an error of the browser. */
  async refuse(kind, name) {
    this.of(kind).at(-1).reject(new DOMException('', name));
    await settled();
  }

  /** The newest one about this kind of device, or this one, is answered with a track. */
  async give(kind, question = this.of(kind).at(-1), track = new FakeTrack()) {
    question.resolve(track);
    await settled();
    return track;
  }
}

/** The channels of all tabs: what one says, the others hear. */
const channels = new Set();

class FakeChannel {
  constructor() {
    channels.add(this);
  }

  postMessage(data) {
    for (const other of channels) if (other !== this) other.onmessage?.({ data });
  }
}

/** Tabs of an earlier test are closed. */
export const closeTabs = () => channels.clear();

/** Whatever was answered has had its effect. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

function install(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** Puts the fakes in place, with time that stands still until the test moves it, and starts an engine as a page does. */
export async function startEngine({ storage = new Map(), rules = 'offered' } = {}) {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const workers = [];
  const questions = new Questions();
  install(
    'Worker',
    class extends FakeWorker {
      constructor(_url, { name }) {
        super(name);
        workers.push(this);
      }
    },
  );
  install('MediaStream', FakeStream);
  install('BroadcastChannel', FakeChannel);
  install('location', new URL('https://node.example/'));
  install('document', { visibilityState: 'visible' });
  install('addEventListener', () => undefined);
  install('isSecureContext', true);
  install('fetch', async () => ({ json: async () => ({ passkeys: rules }) }));
  install('sessionStorage', {
    getItem: (key) => storage.get(key) ?? null,
    setItem: (key, value) => void storage.set(key, value),
    removeItem: (key) => void storage.delete(key),
  });
  const mediaDevices = Object.assign(new EventTarget(), {
    enumerateDevices: async () => [],
    getUserMedia: async ({ audio, video }) => {
      const kind = audio ? 'microphone' : 'camera';
      return new FakeStream([await questions.ask(kind, (audio ?? video).deviceId?.exact ?? null)]);
    },
  });
  install('navigator', { mediaDevices });
  mock.method(console, 'info', () => undefined);
  const { LiveEngine } = await import('../../../src/media/live.ts');
  const engine = new LiveEngine();
  let [local, view] = [null, null];
  engine.onLocal((now) => (local = now));
  engine.onView((now) => (view = now));
  return {
    engine,
    questions,
    storage,
    workers,
    local: () => local,
    view: () => view,
    /** The newest worker of a name. */
    worker: (name) => workers.findLast((worker) => worker.name === name),
    /** What the machine was told last that leaves this console. */
    said() {
      const sending = ({ kind, command }) => kind === 'command' && command.kind === 'sending';
      const command = this.worker('keys').told.findLast(sending)?.command;
      return command && { voice: command.voice, picture: command.picture };
    },
    /** What the media worker lets out. */
    lets() {
      const { voice, picture } = this.worker('media').last('sending');
      return { voice, picture };
    },
    /** The machine shows a call, or none. */
    async shows(call, more = {}) {
      const view = { ...viewOf(call && { line: 'duty', floor: 'open', ...call }), ...more };
      this.worker('keys').say({ kind: 'view', view });
      if (call) engine.marked(true);
      await settled();
    },
    async later(ms) {
      mock.timers.tick(ms);
      await settled();
    },
  };
}

const viewOf = (call) => ({ node: 'up', trouble: null, call });
