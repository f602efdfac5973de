import { KinoportError } from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { Asker } from './permissions/access.ts';
import type { Plugin } from './plugin.ts';
import type { CheckedSchema } from './validation.ts';

type CallHandler = (params: unknown, plugin: Plugin, signal: AbortSignal, peer: Peer) => Promise<unknown>;
type NoteHandler = (params: unknown, plugin: Plugin, peer: Peer) => void;

/** Notes of one process that are not of the contract and are told of. What a plugin says in a loop shall not fill the log. */
const MOST_TOLD = 20;

/** What plugins may ask of the host and tell it; each part of the host adds its own. */
export class PluginCalls {
  readonly #calls = new Map<string, CallHandler>();
  readonly #askers = new WeakMap<Peer, Asker>();
  readonly #notes = new Map<string, NoteHandler>();
  readonly #told = new WeakMap<Peer, number>();

  onCall<T = unknown>(
    method: string,
    handler: (params: T, plugin: Plugin, signal: AbortSignal, peer: Peer) => Promise<unknown>,
    check?: CheckedSchema<T>,
  ): void {
    this.#calls.set(method, async (params, plugin, signal, peer) => {
      const problem = check?.problem(params);
      if (problem) {
        throw new KinoportError(
          'INVALID_ARGUMENT',
          `${method}: ${problem.path || 'the parameter'} ${problem.message}.`,
        );
      }
      return handler(params as T, plugin, signal, peer);
    });
  }

  /** A note that fails its check is dropped; `onInvalid` tells of the first 20 of a process. */
  onNote<T>(
    method: string,
    check: CheckedSchema<T>,
    handler: (params: T, plugin: Plugin, peer: Peer) => void,
    onInvalid: (plugin: Plugin, problem: string) => void,
  ): void {
    this.#notes.set(method, (params, plugin, peer) => {
      const problem = check.problem(params);
      if (problem)
        this.#tell(peer, `${method}: ${problem.path} ${problem.message}`, (text) => onInvalid(plugin, text));
      else handler(params as T, plugin, peer);
    });
  }

  #tell(peer: Peer, problem: string, onInvalid: (problem: string) => void): void {
    const told = (this.#told.get(peer) ?? 0) + 1;
    this.#told.set(peer, told);
    if (told < MOST_TOLD) onInvalid(problem);
    else if (told === MOST_TOLD) onInvalid(`${problem}; nothing is told of what follows`);
  }

  /** Who speaks at that pipe, and what it may do. */
  asker(peer: Peer): Asker {
    const asker = this.#askers.get(peer);
    if (!asker) throw new KinoportError('INTERNAL', 'Nobody is known to speak there.');
    return asker;
  }

  /** Connects a new generation. */
  serve(peer: Peer, plugin: Plugin, asker: Asker): void {
    this.#askers.set(peer, asker);
    for (const [method, handler] of this.#calls) {
      peer.handle(method, (params, signal) => handler(params, plugin, signal, peer));
    }
    for (const [method, handler] of this.#notes) {
      peer.onNotification(method, (params) => handler(params, plugin, peer));
    }
  }
}
