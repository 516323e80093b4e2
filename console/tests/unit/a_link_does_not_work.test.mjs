// Whether a device that was made of a link takes the place of the one that was in this browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdict } from '../../src/media/verdict.ts';

const refused = (reason) => ({ node: 'refused', trouble: { kind: 'refused', reason } });

test('a node that lets it in has accepted it, whatever it complains of', () => {
  assert.equal(verdict({ node: 'up', trouble: null }), 'accepted');
  assert.equal(verdict({ node: 'up', trouble: { kind: 'clock' } }), 'accepted');
});

test('a used or withdrawn link, and a node of others, are refused for good', () => {
  for (const reason of ['certificate', 'revoked', 'suspended', 'signature', 'origin'])
    assert.equal(verdict(refused(reason)), 'refused', reason);
  assert.equal(verdict({ node: 'connecting', trouble: { kind: 'charter', why: '' } }), 'refused');
});

test('what passes decides nothing: the node is busy, is not reached, or takes its journal back', () => {
  for (const reason of ['busy', 'catchingUp', 'protocol', 'outdated'])
    assert.equal(verdict(refused(reason)), null, reason);
  assert.equal(verdict({ node: 'connecting', trouble: null }), null);
  assert.equal(verdict({ node: 'connecting', trouble: { kind: 'otherTab' } }), null);
});
