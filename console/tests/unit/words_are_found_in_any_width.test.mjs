// What an officer looks for is found whatever keyboard it was written on.
import assert from 'node:assert/strict';
import test from 'node:test';
import { finder, found, pieces } from '../../src/views/written/search.ts';

test('nothing typed finds nothing to mark', () => {
  assert.equal(finder('  '), null);
  assert.deepEqual(pieces('abc', null), [{ text: 'abc', hit: false }]);
});

test('case and width do not matter', () => {
  assert.ok(found(finder('sea 15'), ['ＳＥＡ　１５ kt']));
  assert.ok(found(finder('１５'), ['at 15 knots']));
  assert.ok(found(finder('巡視船'), ['海上保安庁の巡視船が']));
  assert.ok(found(finder('선박'), ['선박 두 척'.normalize('NFD')]));
  assert.ok(!found(finder('sea'), ['land']));
});

test('what means something in a pattern is looked for as it stands', () => {
  for (const typed of ['[a]', 'a^b', 'x\\y', '3-4', '(', '.*', '$1?']) {
    assert.ok(found(finder(typed), [`before ${typed} after`]), typed);
    assert.ok(!found(finder(typed), ['before and after']), typed);
  }
});

test('every hit is marked, and nothing of the text is lost', () => {
  const text = 'Sea, sea and seaside';
  const all = pieces(text, finder('SEA'));
  assert.equal(all.map((piece) => piece.text).join(''), text);
  assert.equal(all.filter((piece) => piece.hit).length, 3);
});
