/** What plugins of these tests may do unless they say what they ask for. */
export const OPEN_PERMISSIONS = {
  fs: { read: ['*'], write: ['*'] },
  net: ['*'],
  playback: 'control',
} as const;
