import { Person } from '../../bench/sync/together/person.ts';
import { RedisServer } from '../../plugins/watch-together/relay/redis/servers.ts';
import type { CommandRun } from '../../support/lab/commandRun.ts';
import { CutProxy } from '../../support/lab/cutProxy.ts';
import { LabHome } from '../../support/lab/home.ts';
import { killed, processesOf } from '../../support/lab/processes.ts';
import { instant, within } from '../../support/lab/waiting.ts';
import { inStep } from './truth.ts';

/** `kinoport relay`, as an operator starts it. */
export class RelayCommand {
  readonly #home: LabHome;
  readonly #options: readonly string[];
  #run: CommandRun | undefined;
  port = 0;

  constructor(options: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#home = new LabHome({ environment });
    this.#options = options;
  }

  /** Begins; again: at the same port. */
  async start(): Promise<void> {
    this.#run = this.#home.start('relay', '--port', String(this.port), '--json', ...this.#options);
    const started = await this.#run.line('a relay', ({ event }) => event === 'started');
    this.port = Number((started as { readonly port?: unknown }).port);
  }

  get pids(): readonly number[] {
    return processesOf(this.#run?.pid ?? 0);
  }

  /** SIGKILL of everything that it consists of. */
  async kill(): Promise<void> {
    await Promise.all(this.pids.map((pid) => killed(pid)));
  }

  async dispose(): Promise<void> {
    await this.kill();
    await this.#home.dispose();
  }
}

export interface StageOptions {
  readonly film: string;
  /** Relays with a common Redis; none: one that keeps its rooms in memory. */
  readonly shared?: number;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Ann, who has opened the room, and Bob, whose way to the relays can be cut; their films run in step. */
export class Stage {
  readonly relays: readonly RelayCommand[];
  readonly ann: Person;
  readonly bob: Person;
  readonly #redis: RedisServer | undefined;
  readonly #ways: CutProxy[] = [];

  private constructor({ film, shared = 0, environment }: StageOptions, redis: RedisServer | undefined) {
    this.#redis = redis;
    const options = redis ? ['--redis', redis.url] : [];
    const more = environment ? { environment } : {};
    this.relays = Array.from({ length: Math.max(1, shared) }, () => new RelayCommand(options, environment));
    this.ann = new Person({ name: 'Ann', film, ...more });
    this.bob = new Person({ name: 'Bob', film, ...more });
  }

  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options, options.shared ? await RedisServer.start() : undefined);
    try {
      await stage.#begin();
      return stage;
    } catch (error) {
      await stage.dispose();
      throw error;
    }
  }

  get relay(): RelayCommand {
    const [relay] = this.relays;
    if (!relay) throw new Error('There is no relay.');
    return relay;
  }

  /** Bob's way to the relays. */
  get way(): CutProxy {
    const [, way] = this.#ways;
    if (!way) throw new Error('There is no way.');
    return way;
  }

  /** What Bob has joined by, and joins by again. */
  get link(): string {
    return `${this.way.url}/r/${this.ann.code}`;
  }

  async dispose(): Promise<void> {
    await Promise.all([this.ann.dispose(), this.bob.dispose()]);
    for (const way of this.#ways) await way.dispose();
    for (const relay of this.relays) await relay.dispose();
    await this.#redis?.[Symbol.asyncDispose]();
  }

  async #begin(): Promise<void> {
    const { ann, bob } = this;
    await Promise.all(this.relays.map((relay) => relay.start()));
    const ports = this.relays.map(({ port }) => port);
    for (let n = 0; n < 2; n += 1) this.#ways.push(await CutProxy.open(...ports));
    const [way] = this.#ways;
    await Promise.all([ann.create(way?.url ?? ''), bob.home.run('doctor')]);
    await bob.join(this.link);
    await Promise.all([ann.watchPlayer(), bob.watchPlayer()]);
    await bob.told('the same film', (line) => line.isSelf === true && line.match === 'same');
    await bob.say('ready');
    await ann.told('that Bob is ready', (line) => line.event === 'ready' && line.name === 'Bob');
    const since = instant();
    await ann.say('start');
    await inStep(ann, bob, since);
  }
}

/** That a command ends by itself: its exit code. */
export const ended = (what: string, run: CommandRun, timeout = 10_000): Promise<number> =>
  within(what, timeout, run.ended);
