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
    rolldownOptions: {
      output: {
        // A few chunks weigh less than many small ones, since each is compressed by itself. None of these is of the first page.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'telemetry', test: /chat-ui\/(?:gpu|cnf|telemetry)\// },
            { name: 'clusters', test: /chat-ui\/clusters\/(?!cluster-url)/ },
            { name: 'traces', test: /chat-ui\/(?:observability\/traces\/|pages\/Traces?\.tsx)/ },
            { name: 'metrics', test: /chat-ui\/observability\/metrics\// },
            { name: 'alerts', test: /chat-ui\/alerts\/(?!alerts-view)/ },
            {
              name: 'queries',
              test: /chat-ui\/(?:components\/(?:VirtualGrid|FilterChips|Facts|Field|Popover|chart\/(?!plot))|observability\/(?!query-history)[\w-]+\.tsx?$)/,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:8080',
      '/ws': { target: 'ws://127.0.0.1:8080', ws: true },
    },
  },
});
