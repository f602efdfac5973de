import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@kinoport\/core\/conformance$/, replacement: at('./core/src/conformance/index.ts') },
      { find: /^@kinoport\/core\/testing$/, replacement: at('./core/src/testing.ts') },
      { find: /^create-kinoport-plugin$/, replacement: at('./create-kinoport-plugin/src/index.ts') },
      { find: /^@kinoport\/core$/, replacement: at('./core/src/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'test/chaos/**'],
    pool: 'forks',
    // They wait for processes and players more than they work: two find room on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    passWithNoTests: true,
  },
});
