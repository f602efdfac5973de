import type { CommandRun, JsonLine } from '../../../support/lab/commandRun.ts';
import { LabHome } from '../../../support/lab/home.ts';
import { until } from '../../../support/lab/waiting.ts';
import { inRepository } from '../../../support/repository.ts';
import { SoundClock } from '../soundClock.ts';
import { mpvArguments } from './pair.ts';

/** A line that a room prints. */
export interface RoomLine extends JsonLine {
  readonly [name: string]: unknown;
}

export interface PersonOptions {
  readonly name: string;
  readonly film: string;
  /** What its sound card's clock is fast by, millionths. */
  readonly ppm?: number;
  readonly environment?: NodeJS.ProcessEnv;
}

/** A person with a home, a copy of the film and a player, who uses the command line. */
export class Person {
  readonly name: string;
  readonly home: LabHome;
  readonly #film: string;
  #run: CommandRun | undefined;
  #sound: SoundClock | undefined;
  /** Of the room. */
  code = '';
  /** Process of the player. */
  player = 0;

  constructor({ name, film, ppm, environment }: PersonOptions) {
    this.name = name;
    this.#film = film;
    this.home = new LabHome({
      entry: inRepository('host/bin/kinoport.js'),
      mpvArgs: mpvArguments(ppm),
      ...(environment ? { environment } : {}),
    });
  }

  /** What was heard of the player that is watched now. */
  get sound(): SoundClock {
    if (!this.#sound) throw new Error(`${this.name} has no player yet.`);
    return this.#sound;
  }

  /** The command that is in the room. */
  get run(): CommandRun {
    if (!this.#run) throw new Error(`${this.name} is in no room yet.`);
    return this.#run;
  }

  async create(relay: string): Promise<void> {
    await this.#enter('create', this.#film, '--relay', relay);
  }

  /** @param invitation a link, or a code with a relay */
  async join(invitation: string, relay?: string): Promise<void> {
    await this.#enter('join', invitation, this.#film, ...(relay === undefined ? [] : ['--relay', relay]));
  }

  /** Waits for the newest player, and listens to it. */
  async watchPlayer(): Promise<void> {
    await until(`a player of ${this.name}`, () => this.lookForPlayer(), { every: 50 });
  }

  /** Listens to the newest player, if it is there. */
  async lookForPlayer(): Promise<boolean> {
    const { pid, endpoint } = this.home.openSessions().at(-1) ?? {};
    if (pid === undefined || endpoint?.socket === undefined) return false;
    if (pid === this.player) return true;
    // The journal has the socket before the player does, and after it.
    const sound = await SoundClock.connect(endpoint.socket).catch(() => undefined);
    if (!sound) return false;
    this.#sound?.dispose();
    this.#sound = sound;
    this.player = pid;
    sound.start();
    return true;
  }

  /** A line that the room prints, after an instant where one is given. */
  told(what: string, accept: (line: RoomLine) => boolean, since = 0, timeout?: number): Promise<RoomLine> {
    const isIt = (line: JsonLine): boolean => line.readAt >= since && accept(line as RoomLine);
    return this.run.line(`${this.name}: ${what}`, isIt, timeout) as Promise<RoomLine>;
  }

  /** What was told since an instant. */
  lines(since: number): readonly RoomLine[] {
    return this.run.lines.filter(({ readAt }) => readAt >= since).map((line) => ({ ...line }));
  }

  /** A command of another terminal. */
  async say(...words: readonly string[]): Promise<void> {
    const said = await this.home.run('room', ...words);
    if ((await said.ended) !== 0) throw new Error(`room ${words.join(' ')}: ${said.errors}`);
  }

  async dispose(): Promise<void> {
    this.#sound?.dispose();
    await this.home.dispose();
  }

  async #enter(...words: readonly string[]): Promise<void> {
    this.#run = this.home.startTyped('room', ...words, '--name', this.name, '--json');
    const { code } = await this.told('a room', ({ event }) => event === 'room');
    this.code = code ?? '';
  }
}
