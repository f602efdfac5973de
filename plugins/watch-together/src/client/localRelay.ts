import { type Clock, type Disposable, isKinoportError } from '@kinoport/core';
import { readOptions } from '../../relay/src/program/options.ts';
import { type Relay, startRelay } from '../../relay/src/program/relay.ts';

/** What a relay of this machine is for: itself alone, or its local network. */
export type Reach = 'machine' | 'network';

/** Other rooms of this machine may have the usual port. */
const PORTS = ['3001', '0'] as const;

/** The relay that this machine starts where none is named. It lives as long as the plugin's process. */
export class LocalRelay implements Disposable {
  readonly #clock: Clock;
  readonly #relays = new Map<Reach, Promise<Relay>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The running one, or a new one. @throws KinoportError `RELAY_START_FAILED` */
  async get(reach: Reach): Promise<{ readonly address: string; readonly lines: readonly string[] }> {
    const running = this.#relays.get(reach) ?? this.#start(reach);
    this.#relays.set(reach, running);
    try {
      return (await running).reachable;
    } catch (error) {
      this.#relays.delete(reach);
      throw error;
    }
  }

  /** Addresses of those that run. */
  async running(): Promise<readonly string[]> {
    return Promise.all([...this.#relays.values()].map(async (relay) => (await relay).reachable.address));
  }

  async dispose(): Promise<void> {
    const relays = await Promise.allSettled(this.#relays.values());
    this.#relays.clear();
    for (const relay of relays) if (relay.status === 'fulfilled') await relay.value.dispose();
  }

  async #start(reach: Reach): Promise<Relay> {
    // People of the network, and nobody else, can reach it: without a name there is no certificate to have.
    const place = reach === 'network' ? ['--host', '0.0.0.0', '--insecure'] : [];
    for (const port of PORTS) {
      const options = readOptions(['--port', port, '--silent', ...place], {});
      if (!options) continue;
      try {
        return await startRelay(options, { clock: this.#clock, log: () => undefined });
      } catch (error) {
        if (!isKinoportError(error, 'RELAY_START_FAILED') || port === PORTS.at(-1)) throw error;
      }
    }
    throw new Error('unreachable');
  }
}
