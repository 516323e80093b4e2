// What the page is made of did not all come: a network that changed meanwhile, a node that was just replaced. Without this the page would stay empty, and
// nobody would know that nothing rings. A classic script that needs nothing; it holds its own words, since those of the console are part of what is missing.
(() => {
  /** Between two looks for the node, in milliseconds. */
  const AGAIN_MS = 3_000;
  const WORDS = {
    again: {
      en: 'The console could not be loaded, and nothing rings here. It is loaded again by itself. If this persists, tell your systems operator.',
      ja: 'コンソールを読み込めませんでした。ここでは呼び出しが鳴りません。自動で再度読み込みます。続く場合は運用担当者に知らせてください。',
      ko: '콘솔을 불러오지 못해 여기에서는 호출이 울리지 않습니다. 자동으로 다시 불러옵니다. 계속되면 시스템 운영자에게 알리십시오.',
    },
    link: {
      en: 'The console could not be loaded. Open the enrolment link again.',
      ja: 'コンソールを読み込めませんでした。登録リンクをもう一度開いてください。',
      ko: '콘솔을 불러오지 못했습니다. 등록 링크를 다시 여십시오.',
    },
  };
  let ended = false;

  function show(words) {
    const lines = Object.entries(words).map(([lang, line]) => {
      const p = document.createElement('p');
      p.lang = lang;
      p.textContent = line;
      return p;
    });
    const page = document.createElement('main');
    const heading = document.createElement('h1');
    heading.textContent = 'Trialogue';
    const note = document.createElement('div');
    note.setAttribute('role', 'alert');
    note.dataset.unloaded = '';
    page.style.padding = '2rem';
    page.append(heading, note);
    document.body.replaceChildren(page);
    note.append(...lines);
  }
  // Not before the node answers: a browser's own page of an error does not try again.
  function again() {
    fetch('/console.json', { cache: 'no-store' })
      .then((answer) => (answer.ok ? location.reload() : Promise.reject(new Error(answer.statusText))))
      .catch(() => setTimeout(again, AGAIN_MS));
  }
  function failed() {
    if (ended) return;
    ended = true;
    // The link is not put back into the address to be loaded again: it is a secret.
    const linked = (globalThis.takeEnrolmentLink?.() ?? null) !== null;
    show(linked ? WORDS.link : WORDS.again);
    if (!linked) setTimeout(again, AGAIN_MS);
  }
  const isPart = (element) =>
    element?.localName === 'script' ||
    (element?.localName === 'link' && element.rel !== 'icon' && element.rel !== 'manifest');

  addEventListener('error', (event) => isPart(event.target) && failed(), true);
  // By the page itself: one part of it was missing, or all is there.
  addEventListener('page-failed', failed);
  addEventListener('page-loaded', () => (ended = true));
})();
