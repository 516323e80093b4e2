// Takes the secret of an enrolment link out of the address bar and out of the history, before anything else of this page runs or is asked for: a classic
// script, the first in the page, that needs nothing. If whatever comes after it fails, the secret is nowhere to be seen, and the link can be opened again.
(() => {
  let held = null;
  const take = () => {
    if (!location.hash.startsWith('#enrol=')) return;
    held = location.hash;
    history.replaceState(null, '', location.pathname + location.search);
  };
  take();
  // A link that is opened in the tab of a console that runs changes the fragment and nothing else.
  addEventListener('hashchange', () => {
    take();
    if (held) dispatchEvent(new Event('enrolment-link'));
  });
  // Given once, to whoever asks first: the page that enrols.
  globalThis.takeEnrolmentLink = () => {
    const link = held;
    held = null;
    return link;
  };
})();
