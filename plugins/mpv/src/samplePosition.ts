import type { Clock, PlayerState, PositionSample } from '@kinoport/core';
import type { IpcClient } from './ipc.ts';

const READS = 3;

/**
 * Reads the sound's clock three times and gives the middle one of what they say. Of a player that stands, the time of
 * the picture: there it goes on, sound and all (0.35.1), and after a seek it is told later than the seek's end.
 */
export async function measurePosition(
  ipc: IpcClient,
  clock: Clock,
  state: PlayerState,
  signal: AbortSignal | undefined,
): Promise<PositionSample> {
  const settings = signal === undefined ? {} : { signal };
  if (state.status !== 'playing') return measurePicture(ipc, clock, state, settings);
  const delay = await readNumber(ipc, 'audio-delay', settings);
  const samples: (PositionSample & { readonly origin: number })[] = [];
  for (let read = 0; read < READS; read += 1) {
    let name = 'audio-pts';
    let sent = clock.now();
    let value = await readNumber(ipc, name, settings);
    if (value === undefined) {
      name = 'time-pos';
      sent = clock.now();
      value = await readNumber(ipc, name, settings);
    }
    const received = clock.now();
    if (value === undefined) continue;
    const position = name === 'audio-pts' ? value + (delay ?? 0) : value;
    const at = (sent + received) / 2;
    // The picture's clock steps by frames and runs up to one ahead.
    const step = name === 'audio-pts' ? 0 : 0.045;
    samples.push({
      position,
      at,
      uncertainty: (received - sent) / 2000 + step,
      origin: position - (state.rate * at) / 1000,
    });
  }
  samples.sort((a, b) => a.origin - b.origin);
  const middle = samples[Math.floor(samples.length / 2)];
  if (middle === undefined) return { position: state.position, at: state.at, uncertainty: 0.1 };
  return { position: middle.position, at: middle.at, uncertainty: middle.uncertainty };
}

async function measurePicture(
  ipc: IpcClient,
  clock: Clock,
  state: PlayerState,
  settings: { readonly signal?: AbortSignal },
): Promise<PositionSample> {
  const stands = state.status === 'paused' || state.status === 'seeking';
  const position = stands ? await readNumber(ipc, 'time-pos', settings) : undefined;
  if (position === undefined) return { position: state.position, at: state.at, uncertainty: 0 };
  return { position, at: clock.now(), uncertainty: 0 };
}

async function readNumber(
  ipc: IpcClient,
  name: string,
  settings: { readonly signal?: AbortSignal },
): Promise<number | undefined> {
  try {
    const value = await ipc.command(['get_property', name], settings);
    return typeof value === 'number' ? value : undefined;
  } catch (error) {
    // "property unavailable": no sound, or nothing open.
    if (ipc.closed || settings.signal?.aborted) throw error;
    return undefined;
  }
}
