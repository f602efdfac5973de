import {
  type Diagnostics,
  type DiagnosticsReporter,
  type Disposable,
  type DisposableStore,
  KinoportError,
  type Log,
  serializeError,
  toDisposable,
} from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';

/** `ctx.diagnostics`: keeps the plugin's reporter, and has it answer the host. */
export class DiagnosticsServer implements Diagnostics {
  readonly #isDeclared: boolean;
  readonly #owner: DisposableStore;
  #reporter: DiagnosticsReporter | undefined;

  constructor(peer: Peer, isDeclared: boolean, owner: DisposableStore, log: Log) {
    this.#isDeclared = isDeclared;
    this.#owner = owner;
    peer.handle('diagnostics/report', async (_params, signal) => {
      try {
        return await this.#reporter?.({ signal });
      } catch (error) {
        log.error('diagnostics failed', { stack: serializeError(error).stack });
        throw error;
      }
    });
  }

  register(reporter: DiagnosticsReporter): Disposable {
    if (!this.#isDeclared) {
      throw new KinoportError('PLUGIN_NOT_REGISTERED', 'The manifest declares no diagnostics.', {
        hint: 'Set contributes.diagnostics to true in package.json.',
      });
    }
    if (this.#reporter)
      throw new KinoportError('PLUGIN_CONTRIBUTION_CLASH', 'The diagnostics are registered twice.');
    this.#reporter = reporter;
    return this.#owner.add(
      toDisposable(() => {
        this.#reporter = undefined;
      }),
    );
  }

  /** What is declared and was not registered, for a message. */
  missing(): readonly string[] {
    return this.#isDeclared && !this.#reporter ? ['diagnostics'] : [];
  }
}
