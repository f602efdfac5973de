// For child processes of tests: core comes from its sources, as it does in the tests themselves.
import { registerHooks } from 'node:module';

const sources = {
  '@kinoport/core': new URL('../../../core/src/index.ts', import.meta.url).href,
  '@kinoport/core/testing': new URL('../../../core/src/testing.ts', import.meta.url).href,
};

registerHooks({
  resolve: (specifier, context, next) => next(sources[specifier] ?? specifier, context),
});
