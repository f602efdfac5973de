/** What `plugin test` loads: a bundle of its own, so that only those who test plugins load a whole host. */
export { testPlugin } from './testPlugin.ts';
