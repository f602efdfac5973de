/** `ctx.playback` through every process there is: a plugin, the host, the mpv plugin and a real mpv. */
import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import { until } from '../../support/lab/waiting.ts';
import { inRepository } from '../../support/repository.ts';
import { CliHome, type CliRun, lines } from './support/cliHome.ts';

/** Does what its lines of input say (`["method", ...arguments]`) and tells all that it hears of what plays. */
const DRIVER = `
import { definePlugin } from '@kinoport/core';
export default definePlugin({ activate(ctx) {
  const { playback } = ctx;
  ctx.commands.register('drive', async (_input, io) => {
    const told = [
      playback.onDidStart(({ id, item, queue, index }) => io.json({ event: 'start', id, item, index, count: queue.length })),
      playback.onDidChangeState(({ state }) => {
        const subtitle = state.tracks.find(({ type, selected }) => type === 'subtitle' && selected)?.title ?? null;
        io.json({ event: 'state', ...state, tracks: undefined, subtitle });
      }),
      playback.onDidEnd(({ reason, item }) => io.json({ event: 'end', reason, title: item.title })),
      playback.onDidClose(() => io.json({ event: 'close' })),
    ];
    let session;
    for await (const line of io.lines()) {
      const [method, ...args] = JSON.parse(line);
      try {
        let result;
        if (method === 'open') {
          session = await playback.open(args[0], { ...args[1], display: io.display });
          result = session.id;
        } else if (method === 'history') result = await playback.history(...args);
        else if (method === 'at') {
          const at = ctx.clock.now() + args[1];
          await session[args[0]]({ at, id: args[2] });
          result = { at };
        } else result = await session[method](...args);
        io.json({ event: 'done', method, result: result ?? null });
      } catch (error) {
        io.json({ event: 'error', method, code: error.code, message: error.message });
      }
    }
    for (const each of told) each.dispose();
    return 0;
  });
} });`;

interface Told {
  readonly event: string;
  readonly [member: string]: unknown;
}

let home: CliHome;
let run: CliRun;
let read: number;

function drive(permissions: object): void {
  const folder = home.plugin(
    'driver',
    { permissions, contributes: { commands: [{ command: 'drive', title: 'Drives' }] } },
    DRIVER,
  );
  home.config({ plugins: { [folder]: true } });
  run = home.start('drive', '--json');
}

const told = (): readonly Told[] => {
  const whole = run.stdout.slice(0, run.stdout.lastIndexOf('\n') + 1);
  return lines(whole).map((line) => JSON.parse(line) as Told);
};

/** The first thing told since the last call that is so. */
async function hear(what: string, is: (each: Told) => boolean): Promise<Told> {
  return until(what, () => told().slice(read).find(is), { timeout: 15_000 });
}

/** Has the plugin call a method, and gives the answer. */
async function call(method: string, ...args: readonly unknown[]): Promise<Told> {
  read = told().length;
  run.child.stdin?.write(`${JSON.stringify([method, ...args])}\n`);
  return hear(`the answer to ${method}`, ({ event }) => event === 'done' || event === 'error');
}

async function done(method: string, ...args: readonly unknown[]): Promise<unknown> {
  const answer = await call(method, ...args);
  expect(answer).toMatchObject({ event: 'done', method });
  return answer.result;
}

const state = (what: object) => (each: Told) =>
  each.event === 'state' && Object.entries(what).every(([name, value]) => each[name] === value);

/** A second client of mpv: what it does is what a person does. */
async function viewer(): Promise<MpvObserver> {
  const socket = await until('the socket of mpv', () => sockets(home.folder)[0]);
  return MpvObserver.connect(socket);
}

function sockets(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sockets(path);
    return entry.isSocket() && existsSync(path) ? [path] : [];
  });
}

beforeEach(() => {
  home = new CliHome();
  read = 0;
  for (const name of ['one', 'two', 'three'])
    copyFileSync(inRepository('host/media/demo.mkv'), join(home.folder, `${name}.mkv`));
});

afterEach(async () => {
  run.child.stdin?.end();
  await run.ended;
  await home.dispose();
});

const film = (name: string): string => join(home.folder, `${name}.mkv`);

describe('with the permission to control', () => {
  beforeEach(() => drive({ playback: 'control', history: true }));

  it('tells echoes of commands from what the viewer does', async () => {
    const id = await done('open', film('one'), { paused: true, ignoreResume: true });
    await hear('it stands still', state({ status: 'paused' }));
    await done('play', { id: 'c1' });
    await hear('it plays', state({ status: 'playing', cause: 'c1' }));
    await done('setRate', 1.03, { id: 'c2' });
    await hear('it is faster', state({ rate: 1.03, cause: 'c2' }));
    await done('seek', 10, { id: 'c3', exact: true });
    await hear('it is elsewhere', (each) => each.cause === 'c3' && Number(each.position) >= 10);
    await done('pause', { id: 'c4' });
    await hear('it stands still', state({ status: 'paused', cause: 'c4' }));
    const person = await viewer();
    read = told().length;
    person.press('SPACE');
    await hear('the person plays', state({ status: 'playing', cause: 'user' }));
    read = told().length;
    person.press('SPACE');
    await hear('the person pauses', state({ status: 'paused', cause: 'user' }));
    read = told().length;
    person.seekByHand(20);
    await hear('the person seeks', (each) => each.cause === 'user' && Number(each.position) >= 20);
    read = told().length;
    person.press(']');
    await hear('the person makes it faster', (each) => each.cause === 'user' && Number(each.rate) > 1.1);

    const { result } = await call('at', 'play', 300, 'c5');
    await hear('it plays at its instant', state({ status: 'playing', cause: 'c5' }));
    expect(result).toHaveProperty('at');
    const sample = (await done('samplePosition')) as Record<string, number>;
    expect(sample.uncertainty).toBeLessThan(0.05);
    expect(await done('snapshot')).toMatchObject({
      id,
      item: { key: expect.stringMatching(/^file:\d+-[0-9a-f]{32}$/), size: expect.any(Number) },
      state: { duration: expect.closeTo(30, 0) },
    });
    await done('stop');
    await hear('it is over', ({ event }) => event === 'close');
    const played = (await done('history')) as readonly Record<string, unknown>[];
    expect(played).toMatchObject([
      { uri: film('one'), title: expect.any(String), keys: [expect.stringMatching(/^file:/)], kind: 'video' },
    ]);
    expect(await done('history', { keys: played[0]?.keys as string[] })).toHaveLength(1);
    expect(await done('history', { keys: ['file:1-00'] })).toEqual([]);
    expect(await done('history', { uri: film('two') })).toEqual([]);
  });

  it('loads another item into the window, waits at its end, and has it steered from there', async () => {
    writeFileSync(join(home.folder, 'words.srt'), '1\n00:00:00,000 --> 00:00:20,000\nHello\n');
    await done('open', [film('one'), film('two')], { paused: true, waitAtEnd: true });
    const first = (await done('snapshot')) as { queue: unknown[]; item: { title: string } };
    expect(first.queue).toHaveLength(2);
    await done('setVolume', { volume: 30, muted: true }, { id: 'v' });
    await hear('it is quiet', state({ volume: 30, muted: true }));
    await done('addSubtitle', { path: join(home.folder, 'words.srt'), title: 'Words' });
    await hear('the words are shown', state({ subtitle: 'Words' }));
    await done('selectTrack', 'subtitle', null);
    await hear('they are not', state({ subtitle: null }));

    await done('load', film('three'), { start: 28, paused: true });
    const start = await hear('the next begins', ({ event }) => event === 'start');
    expect(start).toMatchObject({ index: 1, count: 3, item: { uri: film('three') } });
    await hear('it stands still', state({ status: 'paused' }));
    await done('play');
    await hear('it is over', ({ event, reason }) => event === 'end' && reason === 'finished');
    const { state: over } = (await done('snapshot')) as { state: { status: string } };
    expect(over.status).toBe('ended');

    await done('setUpcoming', [film('one')]);
    const { queue } = (await done('snapshot')) as { queue: readonly { uri: string }[] };
    expect(queue.map(({ uri }) => uri)).toEqual([film('one'), film('three'), film('one')]);
    await done('setWaitAtEnd', false);
    await done('next');
    expect(await hear('the last begins', ({ event }) => event === 'start')).toMatchObject({ index: 2 });
    expect(await call('load', film('none'))).toMatchObject({ event: 'error', code: 'SOURCE_NOT_FOUND' });
    const after = (await done('snapshot')) as { queue: unknown[]; item: { uri: string } };
    expect(after).toMatchObject({ item: { uri: film('one') } });
    expect(after.queue).toHaveLength(3);
    await done('stop');
  });
});

it('keeps what was played from a plugin that may only observe', async () => {
  drive({ playback: 'observe' });
  expect(await call('history')).toMatchObject({ event: 'error', code: 'PERMISSION_DENIED' });
});
