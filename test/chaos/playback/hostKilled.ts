import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LabHome } from '../../support/lab/home.ts';
import { MpvObserver } from '../../support/lab/mpvObserver.ts';
import { kill, killed } from '../../support/lab/processes.ts';
import { instant, until } from '../../support/lab/waiting.ts';
import { hashOf, readAll } from './byteReader.ts';
import { brokenData, followsAgain } from './tracking.ts';

export interface FileResult {
  /** Longest time without a frame, seconds. */
  readonly gap: number;
  /** Until the database follows again, seconds. */
  readonly back: number;
  /** Position lost when mpv is killed under the new host, milliseconds. */
  readonly loss: number;
}

/** SIGKILL of the host while a file plays; the `play` that follows it starts the next one by itself. */
export async function hostKilledFile(film: string): Promise<FileResult> {
  const home = new LabHome();
  try {
    const run = await home.play(film, '--start', '20');
    const { pid, socket } = await home.session();
    const observer = await MpvObserver.connect(socket);
    await observer.frame();
    const since = instant();
    kill(await home.hostPid());
    const back = await followsAgain(home, observer, 'after the host was killed');
    const gap = observer.longestGap(since);
    kill(pid);
    await observer.closed;
    await run.ended;
    return { gap, back, loss: Math.abs(observer.last.position - (home.stored()?.position ?? 0)) * 1000 };
  } finally {
    await home.dispose();
  }
}

export interface HttpResult {
  /** From the start of the next command to a new frame, seconds. */
  readonly back: number;
  readonly bytesRight: boolean;
  readonly brokenData: number;
  readonly finished: boolean;
}

/** SIGKILL of host and command while a stream plays, until the film stands still; then any other command. */
export async function hostKilledHttp(film: string, url: string): Promise<HttpResult> {
  const home = new LabHome({ mpvArgs: ['--cache=no', '--log-file=~~/mpv.log'] });
  const reading = new AbortController();
  try {
    const run = await home.play(url);
    const { id, socket } = await home.session();
    const bytes = readAll(await home.streamUrl(), reading.signal);
    bytes.catch(() => undefined);
    const observer = await MpvObserver.connect(socket);
    await observer.frame();
    await pause(2000);
    kill(run.pid);
    await killed(await home.hostPid());
    await until('the film stands still', () => instant() - observer.last.at > 1000);

    const since = instant();
    const next = home.run('progress', '--json');
    await observer.frame();
    const back = (instant() - since) / 1000;
    await next;
    await followsAgain(home, observer, 'under the new host');
    await until('the end of the film', () => home.openSessions().every((open) => open.id !== id), {
      timeout: 90_000,
    });
    return {
      back,
      bytesRight: (await bytes).hash === (await hashOf(film)),
      brokenData: brokenData(home.read(join('mpv-conf', 'mpv.log'))).length,
      finished: home.stored()?.watched === 1,
    };
  } finally {
    reading.abort();
    await home.dispose();
  }
}
