// @ts-check
import { definePlugin } from '@kinoport/core';
import { ZipSource } from './source.js';

export default definePlugin({
  activate(ctx) {
    ctx.sources.register('zip', ctx.subscriptions.add(new ZipSource(ctx)));
  },
});
