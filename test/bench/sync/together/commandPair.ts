import { Server } from '../load/servers.ts';
import { DelayProxy } from './delayProxy.ts';
import type { Pair, PairOptions, WatchedPair } from './pair.ts';
import { Person } from './person.ts';
import { suspended } from './players.ts';

/** How people steer: with commands of another terminal, or their players' own keys. */
type Steering = 'command' | 'hand';

/** Two people with a home each who use the command line, as they would on two machines, and a relay of their own. */
export async function openCommandPair(
  { film, way, ppm = 0, serverAhead = 0 }: PairOptions,
  by: Steering = 'command',
): Promise<Pair> {
  const relay = await Server.relay({ ahead: serverAhead });
  const proxy = way && (await DelayProxy.start(relay.port, way));
  const dispose = async (): Promise<void> => {
    await proxy?.dispose();
    await relay.dispose();
  };
  try {
    const pair = await openCommandPairAt({ film, ppm, port: proxy?.port ?? relay.port }, by);
    return {
      ...pair,
      async dispose() {
        await pair.dispose();
        await dispose();
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The same at a relay that is there. */
export async function openCommandPairAt(
  { film, ppm, port }: { readonly film: string; readonly ppm: number; readonly port: number },
  by: Steering = 'command',
): Promise<WatchedPair> {
  const address = `http://127.0.0.1:${port}`;
  const people: Person[] = [];
  const dispose = async (): Promise<void> => {
    for (const person of people.splice(0)) await person.dispose();
  };
  const enter = async (name: string, code?: string, speed = 0): Promise<Person> => {
    const person = new Person({ name, film, ppm: speed });
    people.push(person);
    await (code === undefined ? person.create(address) : person.join(code, address));
    await person.watchPlayer();
    return person;
  };
  try {
    const first = await enter('Ann');
    const second = await enter('Bob', first.code, ppm);
    await second.say('ready');
    await first.say('ready');
    await first.say('start');
    const { sound } = first;
    const steering =
      by === 'hand'
        ? {
            play: () => sound.command('set', 'pause', 'no'),
            pause: () => sound.command('set', 'pause', 'yes'),
            seek: (position: number) => sound.command('seek', position, 'absolute+exact'),
          }
        : {
            play: () => first.say('play'),
            pause: () => first.say('pause'),
            seek: (position: number) => first.say('seek', String(position)),
          };
    return {
      first: first.sound,
      second: second.sound,
      ...steering,
      stop: (ms) => suspended(second.player, ms),
      late: async () => (await enter('Cleo', first.code)).sound,
      speedChanges: () => undefined,
      returns() {
        const lines = people.flatMap((person) => person.lines(0));
        const all = lines.flatMap(({ event, readAt }) => (event === 'reconnected' ? [readAt] : []));
        return { count: all.length, last: Math.max(...all) };
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
