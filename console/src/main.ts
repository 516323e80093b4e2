import { mount } from 'svelte';
import { LiveEngine } from './media/live';
import App from './views/App.svelte';
import './views/theme.css';

const engine = new LiveEngine();
mount(App, { target: document.getElementById('app')!, props: { engine } });

// Browser tests and operators read the same figures; it holds no keys.
Object.assign(globalThis, { trialogue: { measure: () => engine.measure() } });
