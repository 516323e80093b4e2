// The main job, with nothing faked between the microphones: three nodes, three Chromiums, speech and real clips.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHotline } from './support/hotline.mjs';
import { heard, hears, received, seatOfficer, seen, sentSince } from './support/officer.mjs';
import { until } from './support/fixtures.mjs';
import { likeness, patch, thumbnail } from './support/picture.mjs';

const parties = [
  { id: 'USA', office: 'usa-duty-officer', speech: 'speech-1.wav', clip: 'video-1.mjpeg', locale: 'en' },
  { id: 'JPN', office: 'jpn-duty-officer', speech: 'speech-2.wav', clip: 'video-2.mjpeg', locale: 'ja' },
  { id: 'KOR', office: 'kor-duty-officer', speech: 'speech-3.wav', clip: 'video-3.mjpeg', locale: 'ko' },
];
let hotline;
const officers = new Map();
const devices = new Map();

before(async () => {
  hotline = await startHotline();
  for (const party of parties) {
    const officer = await seatOfficer(hotline.link(party.office), party);
    officers.set(party.id, officer);
    devices.set(party.id, await officer.device());
  }
});

after(async () => {
  for (const officer of officers.values()) await officer.leave();
  await hotline?.stop();
});

const others = (id) => parties.filter((party) => party.id !== id);

test('every board shows every path up and every station staffed', async () => {
  for (const { id } of parties) {
    await officers.get(id).until('paths up, stations staffed', ({ view }) => {
      const line = view.lines.find((l) => l.id === 'duty');
      return line.parties.length === 3 && line.parties.every((p) => (p.own || p.reached) && p.onWatch > 0);
    });
  }
});

test('one rings, two answer with one key', async () => {
  await officers.get('USA').ring('duty');
  await officers.get('JPN').answer();
  await officers.get('KOR').answer();
  for (const { id } of parties) {
    await officers.get(id).inCallWith(3);
    const { view } = await officers
      .get(id)
      .until(
        'sealed with everyone',
        (f) => f.view.call?.sealing.kind === 'sealed' && f.view.call.members.every((m) => m.me || m.keys === 'ready'),
      );
    const names = view.call.members.map((m) => m.person.device).sort();
    assert.deepEqual(names, [...devices.values()].sort(), 'the roster is the three devices');
  }
});

test('the verification code is the same at all three', async () => {
  const codes = [];
  for (const { id } of parties)
    codes.push((await officers.get(id).until('a code', (f) => f.view.call?.code.length === 30)).view.call.code);
  assert.equal(new Set(codes).size, 1, `codes differ: ${codes}`);
});

test('each hears both others: frames opened, sound decoded', async () => {
  for (const { id } of parties) {
    for (const other of others(id)) {
      const device = devices.get(other.id);
      await officers.get(id).until(`${id} hears ${other.id}`, (f) => {
        const opened = f.counts.find((c) => c.device === device && c.voice);
        return opened?.passed > 50 && heard(f, device)?.totalAudioEnergy > 0.001;
      });
    }
  }
});

test('each sees both others: the right clip at the right tile', async () => {
  for (const { id } of parties) {
    for (const other of others(id)) {
      const device = devices.get(other.id);
      const officer = officers.get(id);
      await officer.until(`${id} sees ${other.id}`, (f) => seen(f, device)?.framesDecoded > 15);
      await until(`${other.id}'s patch at ${id}`, async () => (await patch(officer.page, device)) === other.clip);
      let best = 0;
      await until(`${other.id}'s clip at ${id}`, async () => {
        best = Math.max(best, likeness(await thumbnail(officer.page, device), other.clip));
        return best >= 0.9;
      });
      assert.equal(await patch(officer.page, device), other.clip, `${id}: the tile of ${other.id}`);
    }
  }
});

/** What it has sent once no more of a medium leaves: frames that were under way when it was switched off may, while another party is heard on. */
async function still(officer, medium, other) {
  const from = devices.get(other);
  let [before, now] = [null, await officer.measure()];
  for (let turn = 0; turn < 4 && (before === null || sentSince(before, now, medium) > 0); turn++) {
    const start = await received(officer, from);
    [before, now] = [now, await officer.until('half a second of the call', hears(from, start + 26))];
  }
  return now;
}

test('muted sends not one packet of voice, and the others fall silent for it alone', async () => {
  const usa = officers.get('USA');
  await usa.act('mute');
  await usa.page.locator('[data-act=mute][aria-pressed=true]').waitFor();
  const start = await still(usa, 'audio', 'JPN');
  const atJapan = await received(officers.get('JPN'), devices.get('USA'));
  // As long as the picture goes on for 60 packets more, the voice must not.
  const end = await usa.until('the picture goes on', (f) => sentSince(start, f, 'video') > 60);
  assert.equal(sentSince(start, end, 'audio'), 0, 'voice packets after mute');
  const korea = await received(officers.get('JPN'), devices.get('KOR'));
  const later = await officers.get('JPN').until('Korea is still heard', hears(devices.get('KOR'), korea + 51));
  assert.ok((heard(later, devices.get('USA'))?.packetsReceived ?? 0) - atJapan <= 25, 'only what was under way');
  await usa.act('mute');
  await officers.get('JPN').until('USA is heard again', hears(devices.get('USA'), atJapan + 61));
});

test('a camera that is off sends not one packet of picture', async () => {
  const usa = officers.get('USA');
  await usa.act('camera');
  await usa.page.locator('[data-act=camera][aria-pressed=true]').waitFor();
  const start = await still(usa, 'video', 'JPN');
  const end = await usa.until('the voice goes on', (f) => sentSince(start, f, 'audio') > 60);
  assert.equal(sentSince(start, end, 'video'), 0, 'picture packets after camera off');
  await usa.act('camera');
  await officers.get('KOR').until('USA is seen again', (f) => {
    const row = seen(f, devices.get('USA'));
    return (
      row && row.framesDecoded > 0 && f.view.call.members.find((m) => m.person.device === devices.get('USA')).picture
    );
  });
});

test('who hangs up is gone everywhere; the last one is told that the call has ended', async () => {
  await officers.get('KOR').act('hang-up');
  for (const id of ['USA', 'JPN']) await officers.get(id).inCallWith(2);
  const after = await officers.get('KOR').until('no call', (f) => f.view.call === null);
  const later = await officers.get('KOR').until('still no call', (f) => f.view.call === null);
  assert.equal(sentSince(after, later, 'audio'), 0, 'on-hook sends nothing');
  await officers
    .get('USA')
    .until('keys without Korea', (f) => f.view.call.sealing.kind === 'sealed' && f.view.call.missing.includes('KOR'));
  await officers.get('JPN').act('hang-up');
  await officers.get('USA').until('alone', (f) => f.view.call === null || f.view.call.members.length === 1);
  if ((await officers.get('USA').measure()).view.call) await officers.get('USA').act('hang-up');
  for (const { id } of parties) await officers.get(id).until('no call', (f) => f.view.call === null);
});

test('who is rung urgently sees how urgently, and can promise an answer for later', async () => {
  const [usa, jpn, kor] = ['USA', 'JPN', 'KOR'].map((id) => officers.get(id));
  for (const officer of [usa, jpn, kor])
    await officer.until('no call', ({ view }) => view.call === null && !view.lines.find((l) => l.id === 'duty').active);
  await usa.page.locator('[data-line=duty] [data-act=precedence]').selectOption('immediate');
  await usa.ring('duty');
  for (const officer of [jpn, kor])
    await officer.page.locator('[role=alertdialog] [data-precedence=immediate]').waitFor();
  await kor.page.locator('[data-act=acknowledge]').click();
  await kor.page.locator('[role=alertdialog] fieldset button').first().click();
  await kor.page.getByRole('alertdialog').waitFor({ state: 'detached' });
  const promised = ({ view }) => view.lines.find((l) => l.id === 'duty').parties.find((p) => p.id === 'KOR').ring;
  const seen = await usa.until('KOR fetches somebody', (f) => promised(f).kind === 'acknowledged');
  assert.ok(Math.abs(promised(seen).readyMs - Date.now() - 300_000) < 60_000);
  await jpn.answer();
  for (const officer of [usa, jpn]) await officer.inCallWith(2);
  // The one who was fetched comes.
  await kor.page.locator('[data-line=duty] button.act').click();
  for (const officer of [usa, jpn, kor]) {
    await officer.inCallWith(3);
    assert.equal((await officer.measure()).view.call.precedence, 'immediate');
  }
});

test('a second tab waits, and takes over when the first is closed, without a call that it was duplicated in', async () => {
  const usa = officers.get('USA');
  const second = await usa.page.context().newPage();
  const kept = () => second.evaluate(() => sessionStorage.getItem('trialogue-in-call'));
  const call = JSON.stringify({ line: 'duty', voice: true, picture: true });
  await second.addInitScript((call) => sessionStorage.setItem('trialogue-in-call', call), call);
  await second.goto(new URL('/', usa.page.url()).href);
  await second.locator('[data-trouble=otherTab]').waitFor();
  await until('it forgets the copy', async () => (await kept()) === null);
  // On a busy machine its connection may just be made anew; it would never be up again if the second tab had taken it.
  await usa.until('the first is up', ({ view }) => view.node === 'up');
  await usa.page.close();
  await second.locator('[data-node=up]').waitFor();
  await second.close();
});

test('no page had an error', () => {
  for (const { id } of parties) assert.deepEqual(officers.get(id).errors, [], id);
});
