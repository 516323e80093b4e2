// Which choice of files is refused before any of them is read, and for which reason.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BYTES_MOST, composed, FILES_MOST, NAME_MOST, refusal } from '../../src/views/written/attach.ts';

const files = (count, size = 1) => Array.from({ length: count }, (_, at) => ({ name: `file ${at}`, size }));

test('as many as fit are taken, and not one more', () => {
  assert.equal(refusal([], files(FILES_MOST)), null);
  assert.equal(refusal(files(6), files(2)), null);
  assert.deepEqual(refusal(files(6), files(3)), { kind: 'count', count: 6, more: 3 });
});

test('what is attached and what is chosen count together, to the byte', () => {
  assert.equal(refusal([{ size: BYTES_MOST - 5 }], [{ name: 'a', size: 5 }]), null);
  assert.deepEqual(refusal([{ size: BYTES_MOST - 5 }], [{ name: 'a', size: 6 }]), {
    kind: 'bytes',
    size: BYTES_MOST + 1,
  });
});

test('a name is counted in characters, whatever their script', () => {
  assert.equal(refusal([], [{ name: '𠮟'.repeat(NAME_MOST), size: 1 }]), null);
  assert.deepEqual(refusal([], [{ name: '가'.repeat(NAME_MOST + 1), size: 1 }]), {
    kind: 'name',
    name: '가'.repeat(NAME_MOST + 1),
  });
});

test('a file without content is named', () => {
  assert.deepEqual(
    refusal(
      [],
      [
        { name: 'a', size: 1 },
        { name: 'b', size: 0 },
      ],
    ),
    { kind: 'empty', name: 'b' },
  );
});

test('a name that came in parts of characters is put together, and the content stays', async () => {
  const name = '보고서_ガイド.txt';
  const whole = composed(new File(['text'], name.normalize('NFD'), { lastModified: 7 }));
  assert.deepEqual([whole.name, await whole.text(), whole.lastModified], [name.normalize('NFC'), 'text', 7]);
  const same = new File(['text'], 'plain.txt');
  assert.equal(composed(same), same);
});
