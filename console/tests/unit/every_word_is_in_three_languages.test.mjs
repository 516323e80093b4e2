// What an officer reads is there in English, Japanese and Korean: where a message is missing, the page would show the English one.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const LANGUAGES = ['en', 'ja', 'ko'];
/** The same in all languages. */
const NAMES = ['$schema', 'app_title', 'round_trip', 'tests_pair'];

const messages = Object.fromEntries(
  LANGUAGES.map((language) => [
    language,
    JSON.parse(readFileSync(new URL(`../../messages/${language}.json`, import.meta.url), 'utf8')),
  ]),
);
const inputs = (message) => [...new Set(message.match(/\{\w+\}/g))].sort();

test('every language has every message, and nothing else', () => {
  const english = Object.keys(messages.en);
  for (const language of LANGUAGES) assert.deepEqual(Object.keys(messages[language]).sort(), [...english].sort());
});

test('a message says in every language what it is given', () => {
  for (const [key, english] of Object.entries(messages.en))
    for (const language of LANGUAGES) {
      const message = messages[language][key];
      assert.ok(message.trim(), `${key} in ${language}`);
      assert.deepEqual(inputs(message), inputs(english), `${key} in ${language}`);
    }
});

test('nothing was left in English', () => {
  const same = (key) => messages.ja[key] === messages.en[key] || messages.ko[key] === messages.en[key];
  assert.deepEqual(Object.keys(messages.en).filter(same).sort(), [...NAMES].sort());
});

test('every message is said somewhere', () => {
  const sources = new URL('../../src/', import.meta.url);
  const written = readdirSync(sources, { recursive: true })
    .filter((file) => /\.(svelte|ts)$/.test(file) && !/^(paraglide|generated)/.test(file))
    .map((file) => readFileSync(new URL(file, sources), 'utf8'))
    .join('\n');
  const said = new Set([...written.matchAll(/\bm\.(\w+)/g)].map((found) => found[1]));
  assert.deepEqual(
    Object.keys(messages.en).filter((key) => key !== '$schema' && !said.has(key)),
    [],
  );
});
