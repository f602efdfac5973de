import { systemClock } from '@kinoport/core';
import { Server } from '../load/servers.ts';
import { DelayProxy } from './delayProxy.ts';
import type { Pair, PairOptions } from './pair.ts';
import { suspended } from './players.ts';
import { RelayMember } from './relayMember.ts';

/** Two mpv in a room of a relay that is a process of its own; clock and control are in this process. */
export async function openRelayPair({ film, way, ppm = 0, serverAhead = 0 }: PairOptions): Promise<Pair> {
  const relay = await Server.relay({ ahead: serverAhead });
  const proxy = way && (await DelayProxy.start(relay.port, way));
  const port = proxy?.port ?? relay.port;
  const members: RelayMember[] = [];
  const dispose = async (): Promise<void> => {
    for (const member of members.splice(0)) await member.dispose();
    await proxy?.dispose();
    await relay.dispose();
  };
  const enter = async (name: string, code?: string, speed = 0): Promise<RelayMember> => {
    const member = await RelayMember.open({ film, name, port, ppm: speed, ...(code ? { code } : {}) });
    members.push(member);
    return member;
  };
  try {
    const first = await enter(`first${systemClock.now().toFixed(0)}`);
    const second = await enter(`second${systemClock.now().toFixed(0)}`, first.code, ppm);
    await first.ask({ type: 'start' });
    await first.ask({ type: 'pause' });
    return {
      first: first.sound,
      second: second.sound,
      async play() {
        await first.ask({ type: 'play' });
      },
      async pause() {
        await first.ask({ type: 'pause' });
      },
      async seek(position) {
        await first.ask({ type: 'seek', position });
      },
      stop: (ms) => suspended(second.pid, ms),
      late: async () => (await enter('late', first.code)).sound,
      speedChanges: () => second.follower.figures.speedChanges,
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
