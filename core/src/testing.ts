/** For tests only: a clock that stands still until it is told to go on, and a context without a host. */
export * from './testing/commandRun.ts';
export * from './testing/playback.ts';
export * from './testing/pluginContext.ts';
export * from './testing/virtualClock.ts';
