import type { Sync, SyncRoom } from '@kinoport/core';
import type { SyncSubject } from '@kinoport/core/conformance';
import { overlay } from '../faults.ts';
import type { SyncKnobs } from './knobs.ts';
import { ReferenceSync } from './referenceSync.ts';

type World = Pick<ReferenceSync, 'clock' | 'vanish' | 'playbacks'>;

/** One sentence of the contract broken, and nothing else. */
export interface SyncFault {
  /** The clause that is to fail. */
  readonly clause: string;
  readonly fault: string;
  readonly knobs?: Partial<SyncKnobs>;
  readonly sync?: (sync: Sync, person: 0 | 1) => Partial<Sync>;
  /** Of the host (0) or the guest (1). */
  readonly room?: (room: SyncRoom, person: 0 | 1, world: World) => Partial<SyncRoom>;
}

/** The reference sync with the fault built in. */
export function faultySync(
  clock: World['clock'],
  { knobs, sync: around, room: change }: SyncFault,
): SyncSubject {
  const world = new ReferenceSync(clock, knobs);
  return world.subject((plain, person) => {
    const sync = overlay(plain, around?.(plain, person) ?? {});
    const wrapped = async (entering: Promise<SyncRoom>): Promise<SyncRoom> => {
      const room = await entering;
      return overlay(room, change?.(room, person, world) ?? {});
    };
    return {
      create: (options) => wrapped(sync.create(options)),
      join: (invitation, options) => wrapped(sync.join(invitation, options)),
    };
  });
}
