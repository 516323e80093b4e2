// One officer at one Chromium, with recorded speech as microphone and a real clip as camera.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { assets } from './hotline.mjs';

/** Long enough for a loaded machine; nothing is measured by it. */
export const PATIENCE = 90_000;

/** A browser of one's own, with one page; `close` forgets all of it. */
export async function openBrowser({
  speech = 'speech-1.wav',
  clip = 'video-1.mjpeg',
  locale = 'en',
  viewport = { width: 1280, height: 800 },
  executable,
  // It plays sound before anybody was at the keys, as a console that is set up for it does.
  plays = true,
  more = [],
} = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'trialogue-officer-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable ?? process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    locale,
    viewport,
    permissions: ['microphone', 'camera'],
    // Fake devices only: how legs find their node must work as in an ordinary browser.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      ...(plays ? ['--autoplay-policy=no-user-gesture-required'] : []),
      `--use-file-for-fake-audio-capture=${join(assets, speech)}`,
      `--use-file-for-fake-video-capture=${join(assets, clip)}`,
      ...more,
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.setDefaultTimeout(PATIENCE);
  return {
    page,
    errors,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** An authenticator of this page's browser that has one owner, who is there; it can be told otherwise. */
export async function plugAuthenticator(page, { hasPrf = true } = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    hasPrf,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    verified: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    passkeys: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    forget: () => cdp.send('WebAuthn.clearCredentials', { authenticatorId }),
    unplug: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  };
}

/** Opens an enrolment link and enrols. In a new network namespace the system still finds addresses while Chromium starts, which ends what it is loading: with that error, with the page that says so, with Chromium's own second try, or with a part of the page that is missing, which it says. */
async function enrol(page, link) {
  for (let tries = 1; ; tries += 1) {
    try {
      await page.goto(link);
      await page.locator('[data-act=enrol], [data-unloaded]').first().waitFor();
      if ((await page.locator('[data-unloaded]').count()) === 0) break;
      if (tries === 5) throw new Error(await page.locator('[data-unloaded]').innerText());
      // It loads itself again, and then takes the link.
      await page.locator('[data-unloaded]').waitFor({ state: 'detached' });
    } catch (error) {
      if (tries === 5 || !/ERR_NETWORK_CHANGED|chrome-error:|is interrupted by another navigation/.test(String(error)))
        throw error;
    }
  }
  await page.locator('[data-act=enrol]').click();
  await page.locator('[data-node=up]').waitFor();
}

export async function seatOfficer(link, how = {}) {
  const { page, errors, close } = await openBrowser(how);
  await enrol(page, link).catch(async (error) => {
    // A browser that stays open keeps the test's process from ending.
    await close();
    throw error;
  });

  const officer = {
    page,
    errors,
    measure: () => page.evaluate(() => globalThis.trialogue.measure()),
    ring: (line) => page.locator(`[data-line=${line}] button.act`).click(),
    answer: async () => {
      await page.locator('[role=alertdialog][aria-busy=false]').waitFor();
      await page.keyboard.press('Enter');
    },
    inCallWith: (count) =>
      page.waitForFunction((n) => document.querySelectorAll('[data-member]').length === n, count, {
        timeout: PATIENCE,
      }),
    act: (name) => page.locator(`[data-act=${name}]`).click(),
    /** Waits until the figures fulfil `wanted`, and returns them; shows the last ones if they never do. */
    async until(what, wanted) {
      const end = Date.now() + PATIENCE;
      for (;;) {
        const figures = await officer.measure();
        if (await wanted(figures)) return figures;
        if (Date.now() > end)
          throw new Error(
            `never came: ${what}\n${JSON.stringify({ call: figures.view?.call, logs: figures.logs, ...figures }, null, 1).slice(0, 6_000)}\npage errors: ${errors.join('\n')}`,
          );
        // All pages of a test share few cores: who asks in every frame takes the time from the others.
        await page.evaluate(
          () =>
            new Promise((done) => {
              setTimeout(done, 50);
            }),
        );
      }
    },
    device: async () => (await officer.measure()).view.me.device,
    leave: close,
  };
  return officer;
}

/** Seats one officer per entry (`{ name: { office, …as for seatOfficer } }`), by name; `leave` them all with {@link unseat}. */
export async function seatAll(hotline, seats) {
  const officers = {};
  for (const [name, seat] of Object.entries(seats)) officers[name] = await seatOfficer(hotline.link(seat.office), seat);
  return officers;
}

export async function unseat(officers) {
  for (const officer of Object.values(officers)) await officer.leave();
}

/** Frames of a device's voice that a console has opened, over whichever leg they came; counted once a second. */
export const opened = (figures, device) =>
  figures.counts.find((row) => row.device === device && row.voice)?.passed ?? 0;
/** The figures of what `figures`' console receives from `device`. */
export const heard = (figures, device) =>
  figures.inbound.find((row) => row.device === device && row.medium === 'voice');
/** Whether at least `packets` of a device's voice were received. */
export const hears = (device, packets) => (figures) => (heard(figures, device)?.packetsReceived ?? 0) >= packets;
/** Packets of a device's voice so far. Waits until it has a place: it has none for a moment when the leg or a media worker of either side is made anew. */
export async function received(officer, device) {
  return heard(await officer.until(`a place for the voice of ${device}`, hears(device, 1)), device).packetsReceived;
}
export const seen = (figures, device) =>
  figures.inbound.find((row) => row.device === device && row.medium === 'picture');
export const sent = (figures, kind) =>
  figures.outbound.filter((row) => row.kind === kind).reduce((sum, row) => sum + row.packetsSent, 0);
/** Packets that have left since `before`, of one kind or of all. A leg that was lost meanwhile and is new counts from nothing. */
export const sentSince = (before, now, kind) =>
  now.outbound
    .filter((row) => kind === undefined || row.kind === kind)
    .reduce((sum, row) => {
      const was = before.outbound.find(({ ssrc, id }) => ssrc === row.ssrc && id === row.id);
      return sum + row.packetsSent - (was?.packetsSent ?? 0);
    }, 0);

/** Opens the written line of the duty officers from the board. */
export async function openWritten(officer) {
  await officer.page.locator('[data-line=duty] [data-act=written]').click();
  await officer.page.locator('[data-written=duty]').waitFor();
}
