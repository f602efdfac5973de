import { definePlugin } from '@kinoport/core';
import { FilesSource } from './source.ts';

export default definePlugin({
  activate(ctx) {
    const source = ctx.subscriptions.add(new FilesSource(ctx));
    ctx.sources.register('files', source);
  },
});
