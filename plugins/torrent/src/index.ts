import { definePlugin } from '@kinoport/core';

export default definePlugin({
  activate() {
    throw new Error('Not yet.');
  },
});
