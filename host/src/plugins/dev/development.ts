import type { Disposable } from '@kinoport/core';
import Type from 'typebox';
import type { Peer } from '../../rpc/peer.ts';
import { checkedSchema } from '../validation.ts';

/** How generations of a plugin in work are debugged. */
export interface DebugOptions {
  /** Whether loading waits for a debugger, and stops at the first line. */
  readonly wait: boolean;
  /** A generation lets debuggers in on a loopback port. */
  readonly onListening: (generation: number, port: number) => void;
}

/** A folder that somebody works on, in whose stead nothing else of the same id is used. */
export interface Development {
  /** Real path. */
  readonly root: string;
  readonly debug?: DebugOptions;
}

/** Notification `debug/listening` of a plugin's process. */
interface ListeningNote {
  readonly port: number;
}

const listening = checkedSchema<ListeningNote>(() =>
  Type.Object({ port: Type.Integer({ minimum: 1, maximum: 65_535 }) }),
);

/** Options for Node: the places of errors are those of the sources. */
export function developmentFlags(development: Development | undefined): readonly string[] {
  if (!development) return [];
  return ['--enable-source-maps', ...(development.debug ? ['--inspect=127.0.0.1:0'] : [])];
}

/** Passes on where a generation lets debuggers in. */
export function hearDebugger(
  peer: Peer,
  generation: number,
  development: Development | undefined,
): Disposable | undefined {
  const { debug } = development ?? {};
  if (!debug) return undefined;
  return peer.onNotification('debug/listening', (note) => {
    if (listening.is(note)) debug.onListening(generation, note.port);
  });
}
