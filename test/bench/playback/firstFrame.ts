import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { LabHome, SILENT_MPV } from '../../support/lab/home.ts';
import { instant, within } from '../../support/lab/waiting.ts';

/** Runs inside mpv, with and without us: makes a file when the first frame is shown. */
const SCRIPT = `
local path = mp.get_opt('lab-frame')
mp.register_event('playback-restart', function()
    if path == nil then return end
    io.open(path, 'w'):close()
    path = nil
end)
`;

/** Measures from the start of a program to mpv's first frame. */
export class FirstFrame {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kp-frame-'));
  readonly #film: string;
  #runs = 0;

  constructor(film: string) {
    this.#film = film;
    writeFileSync(join(this.#folder, 'frame.lua'), SCRIPT);
  }

  /** mpv by itself, milliseconds. */
  async bare(): Promise<number> {
    const { args, shown } = this.#prepare();
    const began = instant();
    const child = spawn('mpv', ['--no-config', '--really-quiet', ...SILENT_MPV, ...args, this.#film], {
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      return (await shown) - began;
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  }

  /** `play` in a home, milliseconds. */
  async play(home: LabHome): Promise<number> {
    const { args, shown } = this.#prepare();
    const began = instant();
    const run = home.start('play', this.#film, '--no-resume', '--json', '--', ...args);
    try {
      return (await shown) - began;
    } finally {
      run.interrupt();
      await run.ended;
    }
  }

  /** `play` where no host runs. */
  async playFromNothing(home: LabHome): Promise<number> {
    await home.stop();
    return this.play(home);
  }

  /** `play` in a home where nothing ever ran. */
  async playForTheFirstTime(): Promise<number> {
    const home = new LabHome();
    try {
      return await this.play(home);
    } finally {
      await home.dispose();
    }
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #prepare(): { readonly args: readonly string[]; readonly shown: Promise<number> } {
    const file = join(this.#folder, `shown-${this.#runs++}`);
    const seen = Promise.withResolvers<number>();
    const watcher = watch(this.#folder, (_, name) => {
      if (name === basename(file)) seen.resolve(instant());
    });
    const shown = within('the first frame', 30_000, seen.promise).finally(() => watcher.close());
    const script = join(this.#folder, 'frame.lua');
    return { args: [`--script=${script}`, `--script-opts-append=lab-frame=${file}`], shown };
  }
}
