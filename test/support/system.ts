/** Programs beside Node that some tests use. */
export type SystemProgram =
  | 'mpv'
  | 'ffmpeg'
  | 'tmux'
  | 'transmission-daemon'
  | 'aria2c'
  | 'qbittorrent-nox'
  | 'redis-server';

/**
 * Whether tests that need these programs are to be skipped, for `describe.skipIf(needs('mpv'))`.
 * `npm test` decides, and says so; without it nothing is skipped and a missing program is a failure.
 */
export function needs(...programs: readonly SystemProgram[]): boolean {
  const skipped = new Set((process.env.KINOPORT_TEST_SKIP ?? '').split(','));
  return programs.some((program) => skipped.has(program));
}
