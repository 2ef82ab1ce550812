import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the pages into dist/web at the checkout's top, from where the service serves them. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('../../dist/web', import.meta.url)),
    emptyOutDir: true,
    // The service's Content-Security-Policy allows files of our own only; nothing is put inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // For work on the pages: `npx vite --config src/web/vite.config.ts` beside a running service.
  server: { proxy: { '/api': 'http://127.0.0.1:8470' } },
});
