import { KinoportError } from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { Asker } from './permissions/access.ts';
import type { Plugin } from './plugin.ts';
import type { CheckedSchema } from './validation.ts';

type CallHandler = (params: unknown, plugin: Plugin, signal: AbortSignal, peer: Peer) => Promise<unknown>;
type NoteHandler = (params: unknown, plugin: Plugin, peer: Peer) => void;

/** What plugins may ask of the host and tell it; each part of the host adds its own. */
export class PluginCalls {
  readonly #calls = new Map<string, CallHandler>();
  readonly #askers = new WeakMap<Peer, Asker>();
  readonly #notes = new Map<string, NoteHandler>();

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

  /** A note that fails its check is dropped; `onInvalid` tells. */
  onNote<T>(
    method: string,
    check: CheckedSchema<T>,
    handler: (params: T, plugin: Plugin, peer: Peer) => void,
    onInvalid: (plugin: Plugin, problem: string) => void,
  ): void {
    this.#notes.set(method, (params, plugin, peer) => {
      const problem = check.problem(params);
      if (problem) onInvalid(plugin, `${method}: ${problem.path} ${problem.message}`);
      else handler(params as T, plugin, peer);
    });
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
