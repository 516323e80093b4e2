// A Chromium on a machine of its own, in a network namespace with two wires to its party's node; the other party's console is a native one.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { assets, binary } from './hotline.mjs';
import { seatOfficer } from './officer.mjs';

/** Starts two parties and a browser at the first one's desk. `happens(word)` does something to its network, or asks the other party; see crates/impair/src/bin/desk.rs. */
export async function startDesk(how = {}) {
  const child = spawn(join(dirname(binary), 'desk'), [binary, assets], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      TRIALOGUE_CONSOLE_DIR: process.env.TRIALOGUE_CONSOLE_DIR ?? join(import.meta.dirname, '../../../dist'),
    },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the desk has ended: its errors are above');
    return JSON.parse(value);
  };
  const { space, link } = await next();
  const dir = await mkdtemp(join(tmpdir(), 'trialogue-desk-browser-'));
  const executable = join(dir, 'chromium');
  await writeFile(
    executable,
    `#!/bin/sh\nexec ip netns exec ${space} ${process.env.CHROMIUM ?? '/usr/bin/chromium'} "$@"\n`,
  );
  await chmod(executable, 0o755);
  // The certificate is the lab's own.
  const officer = await seatOfficer(link, { ...how, executable, more: ['--ignore-certificate-errors'] }).catch(
    (error) => {
      child.stdin.end();
      throw error;
    },
  );
  return {
    officer,
    async happens(word) {
      child.stdin.write(`${word}\n`);
      return next();
    },
    async stop() {
      await officer.leave();
      child.stdin.end();
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
