/** Versions of the protocol that this side speaks, the best one first. */
export const PROTOCOL_VERSIONS: readonly number[] = [1];

/**
 * What a side can do beyond the base of version 1. Both name theirs in `hello` and `welcome`; what only one of them
 * names is not used. An unknown name is passed over.
 */
export const FEATURES = ['chat', 'queue', 'share', 'kick', 'transfer', 'password', 'status'] as const;
export type Feature = (typeof FEATURES)[number];

/** The path of the WebSocket below the relay's address. */
export const SOCKET_PATH = '/ws';

/** The best version that both sides speak; undefined when there is none. */
export function commonVersion(
  theirs: readonly number[],
  ours: readonly number[] = PROTOCOL_VERSIONS,
): number | undefined {
  return ours.filter((version) => theirs.includes(version)).sort((a, b) => b - a)[0];
}

/** The features that both sides name. */
export function commonFeatures(
  theirs: readonly string[],
  ours: readonly Feature[] = FEATURES,
): readonly Feature[] {
  return ours.filter((feature) => theirs.includes(feature));
}
