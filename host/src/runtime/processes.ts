import type { ProcessExit, Processes, SpawnedProcess } from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { SpawnResult } from '../rpc/protocol.ts';

/** `ctx.processes`: asks the host's broker. */
export function createProcesses(peer: Peer): Processes {
  return {
    run(command, args, options = {}) {
      const { signal, ...rest } = options;
      const timeout = (options.timeout ?? 10_000) + 5_000;
      return peer.call(
        'processes/run',
        { command, args, options: rest },
        { timeout, ...(signal ? { signal } : {}) },
      );
    },
    async spawn(command, args, options) {
      return spawned(peer, await peer.call<SpawnResult>('processes/spawn', { command, args, options }));
    },
    async spawnCommand(command, { args = {}, options = {} } = {}) {
      const input = { args, options };
      return spawned(peer, await peer.call<SpawnResult>('processes/spawnCommand', { command, input }));
    },
    async which(command) {
      return (await peer.call<string | null>('processes/which', { command })) ?? undefined;
    },
  };
}

function spawned(peer: Peer, { handle, pid }: SpawnResult): SpawnedProcess {
  const exited = peer.call<ProcessExit>('processes/wait', { handle }, { timeout: Number.POSITIVE_INFINITY });
  exited.catch(() => undefined);
  return {
    pid,
    exited,
    kill: (signal = 'SIGTERM') => peer.call('processes/kill', { handle, signal }),
  };
}
