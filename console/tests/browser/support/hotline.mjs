// Three real parties on this machine: `trialogue demo` with its own directory and free ports.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const assets = process.env.TRIALOGUE_ASSETS ?? join(import.meta.dirname, '../../../../target/assets');
export const binary = process.env.TRIALOGUE_BIN ?? join(import.meta.dirname, '../../../../target/debug/trialogue');

/** The demo's ports in a row; see `crates/cli/src/demo/ports.rs`. */
const SPAN = 24;

/** Whether nobody uses a port now, neither by TCP nor by UDP. */
async function isFree(port) {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    await Promise.all([once(tcp.listen(port, '0.0.0.0'), 'listening'), once(udp.bind(port, '0.0.0.0'), 'listening')]);
    return true;
  } catch {
    return false;
  } finally {
    for (const socket of [tcp, udp])
      await new Promise((closed) => {
        try {
          socket.close(() => closed());
        } catch {
          closed();
        }
      });
  }
}

/** The first of `SPAN` free ports, below those that the system gives out by itself (Linux: from 32,768 on), which a browser's socket may take at any time. */
async function freeBase() {
  for (;;) {
    const base = 20_000 + SPAN * randomInt(500);
    const free = await Promise.all(Array.from({ length: SPAN }, (_, at) => isFree(base + at)));
    if (free.every(Boolean)) return base;
  }
}

/** Starts the demo; resolves when every node is up.  */
export async function startHotline(more = []) {
  const dir = await mkdtemp(join(tmpdir(), 'trialogue-browser-'));
  const port = await freeBase();
  const child = spawn(binary, ['demo', '--dir', dir, '--base-port', String(port), ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TRIALOGUE_CONSOLE_DIR: process.env.TRIALOGUE_CONSOLE_DIR ?? join(import.meta.dirname, '../../../dist'),
    },
  });
  let said = '';
  const hear = (chunk) => {
    said = (said + chunk).slice(-20_000);
  };
  child.stderr.on('data', hear);
  const links = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      hear(`${line}\n`);
      // Said when every node is up.
      if (line.includes('Ctrl-C stops everything')) resolve(readFile(join(dir, 'links.json'), 'utf8').then(JSON.parse));
    });
    child.on('exit', (code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
  const nodeOf = async (party) => {
    const config = join(dir, party.toLowerCase(), 'node.toml');
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (words.split('\0').includes(config)) return Number(pid);
    }
    throw new Error(`no node runs with ${config}`);
  };
  return {
    dir,
    log: () => said,
    /** The one-time enrolment link of an office. */
    link: (office) => links[office],
    /** Makes another link for an office, as a security officer does. */
    newLink: async (office) => {
      const answer = await fetch(`http://127.0.0.1:${port}/${office}`, { redirect: 'manual' });
      return answer.headers.get('location');
    },
    /** Kills a party's node, as a power cut would. */
    kill: async (party) => process.kill(await nodeOf(party), 'SIGKILL'),
    /** Has a party's node say nothing, as one that hangs; returns the way to let it go on. */
    async freeze(party) {
      const node = await nodeOf(party);
      process.kill(node, 'SIGSTOP');
      return () => process.kill(node, 'SIGCONT');
    },
    async stop() {
      child.removeAllListeners('exit');
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await gone;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}
