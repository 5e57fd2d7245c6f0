import { preact } from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** Served by the server itself under `script-src 'self'; style-src 'self'`: no inline script, no data URI, no other origin. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [preact()],
  build: {
    outDir: '../dist/chat-ui/app',
    emptyOutDir: true,
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    // `light-dark()` keeps both themes in one table of tokens; these are the first versions that have it.
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    modulePreload: { polyfill: false },
    sourcemap: true,
    manifest: true,
  },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:8080',
      '/ws': { target: 'ws://127.0.0.1:8080', ws: true },
    },
  },
});
