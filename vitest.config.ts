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
    testTimeout: 30_000,
    hookTimeout: 30_000,
    passWithNoTests: true,
  },
});
