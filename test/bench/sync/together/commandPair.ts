import { LabHome } from '../../../support/lab/home.ts';
import { until } from '../../../support/lab/waiting.ts';
import { inRepository } from '../../../support/repository.ts';
import { Server } from '../load/servers.ts';
import { SoundClock } from '../soundClock.ts';
import { DelayProxy } from './delayProxy.ts';
import { mpvArguments, type Pair, type PairOptions } from './pair.ts';
import { suspended } from './players.ts';

/**
 * Two people with a home each who use the command line, as they would on two machines. `by`: what they steer with,
 * commands of another terminal, or their players' own keys.
 */
export async function openCommandPair(
  { film, way, ppm = 0, serverAhead = 0 }: PairOptions,
  by: 'command' | 'hand' = 'command',
): Promise<Pair> {
  const relay = await Server.relay({ ahead: serverAhead });
  const proxy = way && (await DelayProxy.start(relay.port, way));
  const address = `http://127.0.0.1:${proxy?.port ?? relay.port}`;
  const people: Person[] = [];
  const dispose = async (): Promise<void> => {
    for (const person of people.splice(0)) await person.dispose();
    await proxy?.dispose();
    await relay.dispose();
  };
  const enter = async (name: string, code?: string, speed = 0): Promise<Person> => {
    const person = new Person(speed);
    people.push(person);
    await person.enter({ name, film, address, ...(code === undefined ? {} : { code }) });
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
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A person with a home of its own, in a room. */
class Person {
  readonly #home: LabHome;
  #sound: SoundClock | undefined;
  code = '';
  player = 0;

  constructor(ppm: number) {
    const entry = inRepository('host/bin/kinoport.js');
    this.#home = new LabHome({ entry, mpvArgs: mpvArguments(ppm) });
  }

  get sound(): SoundClock {
    if (!this.#sound) throw new Error('The player is not there yet.');
    return this.#sound;
  }

  async enter(options: {
    readonly name: string;
    readonly film: string;
    readonly address: string;
    /** Room to join; none: a new one. */
    readonly code?: string;
  }): Promise<void> {
    const { name, film, address, code } = options;
    const what = code === undefined ? ['create', film] : ['join', code, film];
    const run = this.#home.start('room', ...what, '--relay', address, '--name', name, '--json');
    const room = await run.line('a room', ({ event }) => event === 'room');
    this.code = room.code ?? '';
    const { pid, socket } = await this.#home.session();
    this.player = pid;
    // The journal has the socket before the player does.
    const connected = () => SoundClock.connect(socket).catch(() => undefined);
    this.#sound = await until('its socket', connected, { every: 50 });
    this.#sound.start();
  }

  /** A command of another terminal. */
  async say(...words: readonly string[]): Promise<void> {
    const said = await this.#home.run('room', ...words);
    if ((await said.ended) !== 0) throw new Error(`room ${words.join(' ')}: ${said.errors}`);
  }

  async dispose(): Promise<void> {
    this.#sound?.dispose();
    await this.#home.dispose();
  }
}
