import { definePlugin } from '@kinoport/core';

export default definePlugin({
  activate() {},
});
