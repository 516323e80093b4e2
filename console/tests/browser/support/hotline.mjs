// Three real parties on this machine: `trialogue demo` with its own directory and free ports.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const assets = process.env.TRIALOGUE_ASSETS ?? join(import.meta.dirname, '../../../../target/assets');
export const binary = process.env.TRIALOGUE_BIN ?? join(import.meta.dirname, '../../../../target/debug/trialogue');

/** A run of ports that are free now. */
async function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
    server.on('error', reject);
  });
}

/** Starts the demo; resolves when every node is up.  */
export async function startHotline(more = []) {
  const dir = await mkdtemp(join(tmpdir(), 'trialogue-browser-'));
  const port = 20_000 + ((await freePort()) % 20_000);
  const child = spawn(binary, ['demo', '--dir', dir, '--base-port', String(port), ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TRIALOGUE_CONSOLE_DIR: process.env.TRIALOGUE_CONSOLE_DIR ?? join(import.meta.dirname, '../../../dist') },
  });
  let said = '';
  const hear = (chunk) => { said = (said + chunk).slice(-20_000); };
  child.stderr.on('data', hear);
  const links = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      hear(`${line}\n`);
      // Said when every node is up.
      if (line.includes('Ctrl-C stops everything')) resolve(readFile(join(dir, 'links.json'), 'utf8').then(JSON.parse));
    });
    child.on('exit', (code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
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
    async kill(party) {
      const config = join(dir, party.toLowerCase(), 'node.toml');
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
        const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (words.split('\0').includes(config)) return process.kill(Number(pid), 'SIGKILL');
      }
      throw new Error(`no node runs with ${config}`);
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
