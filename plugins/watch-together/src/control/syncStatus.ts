/** `synced`: the room was heard of lately · `syncing`: not for a while · `lost`: the connection is gone. */
export type SyncStatus = 'synced' | 'syncing' | 'lost';

/** Milliseconds since the last message of the room. */
const SYNCED_WITHIN = 5000;
const SYNCING_WITHIN = 10_000;
/** A round trip above this is told to the viewer, milliseconds. */
const HIGH_LATENCY = 500;

/** How fresh what is known of the room is; re-evaluate it every second. It says nothing of the drift. */
export function syncStatus(isConnected: boolean, sinceLastMessage: number): SyncStatus {
  if (!isConnected || !(sinceLastMessage < SYNCING_WITHIN)) return 'lost';
  return sinceLastMessage < SYNCED_WITHIN ? 'synced' : 'syncing';
}

export function hasHighLatency(roundTrip: number): boolean {
  return roundTrip > HIGH_LATENCY;
}
