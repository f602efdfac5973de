/** The first mpv whose events name the playlist entry they speak of, which tells our item's end from another's. */
export const MINIMUM_VERSION = '0.33.0';

/** The version in what `mpv --version` prints or the property `mpv-version` says; `undefined`: none in there. */
export function parseVersion(text: string): string | undefined {
  const match = /\bmpv v?(\d+)\.(\d+)(?:\.(\d+))?/i.exec(text);
  if (match) return `${match[1]}.${match[2]}.${match[3] ?? '0'}`;
  // Builds of a commit: "mpv git-2024-..." or "mpv 2a9f1c3"; these are newer than any release we would refuse.
  return /\bmpv (git|[0-9a-f]{7,})/i.test(text) ? 'git' : undefined;
}

export function isNewEnough(version: string): boolean {
  if (version === 'git') return true;
  const have = version.split('.').map(Number);
  const need = MINIMUM_VERSION.split('.').map(Number);
  for (const [index, part] of need.entries()) {
    const difference = (have[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
