import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{backend,tools,personas,mcp-server,evals,scripts}/**/*.test.{ts,mjs}'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: 'chat-ui/vite.config.ts',
        test: { name: 'ui', root: 'chat-ui', include: ['**/*.test.{ts,tsx}'], environment: 'happy-dom' },
      },
      {
        test: {
          name: 'end-to-end',
          // Each has servers of its own on free ports and folders of its own; most of the time they wait for one another.
          include: ['test/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 }, // after the others, whose workers would be too many beside these
        },
      },
    ],
  },
});
