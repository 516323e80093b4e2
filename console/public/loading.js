// What the page is made of did not all come: a network that changed meanwhile, a node that was just replaced. Without this the page would stay empty, and
// nobody would know that nothing rings. A classic script that needs nothing; it holds its own words, since those of the console are part of what is missing.
(() => {
  /** Between two looks for the node, in milliseconds; twice as long after each page that did not load either, up to the longest. */
  const AGAIN_MS = 3_000;
  const LONGEST_MS = 60_000;
  /** Longest wait for an answer of the node. */
  const ANSWER_MS = 10_000;
  /** A page that has not loaded by then says so: a request can hang without an error. It is left alone, since a slow line would never end otherwise. */
  const SLOW_MS = 20_000;
  /** Pages one after the other that did not load, kept by the tab. */
  const TIMES = 'unloaded';
  const WORDS = {
    again: {
      en: 'The console could not be loaded, and nothing rings here. It is loaded again by itself. If this persists, tell your systems operator.',
      ja: 'コンソールを読み込めませんでした。ここでは呼び出しが鳴りません。自動で再度読み込みます。続く場合は運用担当者に知らせてください。',
      ko: '콘솔을 불러오지 못해 여기에서는 호출이 울리지 않습니다. 자동으로 다시 불러옵니다. 계속되면 시스템 운영자에게 알리십시오.',
    },
    slow: {
      en: 'The console has not loaded yet, and nothing rings here. If this persists, load the page again, then tell your systems operator.',
      ja: 'コンソールをまだ読み込んでいます。ここでは呼び出しが鳴りません。続く場合は、ページを再読み込みし、それでも直らなければ運用担当者に知らせてください。',
      ko: '콘솔을 아직 불러오는 중이며 여기에서는 호출이 울리지 않습니다. 계속되면 페이지를 새로 고치고, 그래도 안 되면 시스템 운영자에게 알리십시오.',
    },
    link: {
      en: 'The console could not be loaded. Open the enrolment link again.',
      ja: 'コンソールを読み込めませんでした。登録リンクをもう一度開いてください。',
      ko: '콘솔을 불러오지 못했습니다. 등록 링크를 다시 여십시오.',
    },
  };
  let note = null;
  let failed = false;
  let loaded = false;
  let waiting;

  /** How many pages before this one did not load. A tab that may keep nothing tries at the shortest distance. */
  function countOn() {
    try {
      const before = Number(sessionStorage.getItem(TIMES)) || 0;
      sessionStorage.setItem(TIMES, String(before + 1));
      return before;
    } catch {
      return 0;
    }
  }
  function forget() {
    try {
      sessionStorage.removeItem(TIMES);
    } catch {
      // Nothing was kept.
    }
  }

  function show(words) {
    if (!document.body) return addEventListener('DOMContentLoaded', () => loaded || show(words), { once: true });
    note?.remove();
    note = document.createElement('main');
    note.style.padding = '2rem';
    const heading = document.createElement('h1');
    heading.textContent = 'Trialogue';
    const said = document.createElement('div');
    said.setAttribute('role', 'alert');
    said.dataset.unloaded = '';
    note.append(heading, said);
    document.body.prepend(note);
    for (const [lang, line] of Object.entries(words)) {
      const p = document.createElement('p');
      p.lang = lang;
      p.textContent = line;
      said.append(p);
    }
  }
  // Not before the node answers: a browser's own page of an error does not try again.
  function again(ms) {
    waiting = setTimeout(async () => {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const answers = await fetch('/console.json', { cache: 'no-store', signal }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (loaded) return;
      if (answers) location.reload();
      else again(AGAIN_MS);
    }, ms);
  }
  function fail() {
    if (failed || loaded) return;
    failed = true;
    // The link is not put back into the address to be loaded again: it is a secret. The page that comes asks for it.
    const linked = (globalThis.takeEnrolmentLink?.() ?? null) !== null;
    show(linked ? WORDS.link : WORDS.again);
    again(Math.min(LONGEST_MS, AGAIN_MS * 2 ** countOn()));
  }
  // A part that is only asked for ahead of time is asked for again.
  const isPart = (element) =>
    element?.localName === 'script' || (element?.localName === 'link' && element.rel === 'stylesheet');

  const slow = setTimeout(() => failed || show(WORDS.slow), SLOW_MS);
  addEventListener('error', (event) => isPart(event.target) && fail(), true);
  // By the page itself: one part of it was missing, or all is there.
  addEventListener('page-failed', fail);
  addEventListener('page-loaded', () => {
    loaded = true;
    clearTimeout(slow);
    clearTimeout(waiting);
    note?.remove();
    forget();
  });
})();
