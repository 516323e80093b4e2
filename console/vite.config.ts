import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// `fixtures.html` is built only when asked for: screens with made-up data, for looking and for the accessibility tests.
const fixtures = process.env.CONSOLE_FIXTURES === '1';

export default defineConfig({
  plugins: [
    svelte(),
    paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/paraglide',
      strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
    }),
  ],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: fixtures ? 'dist-fixtures' : 'dist',
    rollupOptions: fixtures ? { input: 'fixtures.html' } : {},
  },
});
