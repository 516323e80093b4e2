import { mount } from 'svelte';
import './views/theme.css';

const target = document.getElementById('app')!;

async function load() {
  if (location.pathname.replace(/\/$/, '') === '/officer') {
    // The security officer's page: no console runs in it.
    const [{ LiveDesk }, { default: Officer }] = await Promise.all([
      import('./officer/desk'),
      import('./officer/Officer.svelte'),
    ]);
    mount(Officer, { target, props: { desk: new LiveDesk() } });
  } else {
    const [{ LiveEngine }, { default: App }] = await Promise.all([
      import('./media/live'),
      import('./views/App.svelte'),
    ]);
    const engine = new LiveEngine();
    mount(App, { target, props: { engine } });
    // Browser tests and operators read the same figures; it holds no keys.
    Object.assign(globalThis, { trialogue: { measure: () => engine.measure() } });
  }
}

// Whatever did not come: `loading.js` says so, and loads the page again.
await load().then(
  () => dispatchEvent(new Event('page-loaded')),
  (error: unknown) => {
    dispatchEvent(new Event('page-failed'));
    throw error;
  },
);
