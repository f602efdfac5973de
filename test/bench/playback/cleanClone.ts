import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LabHome } from '../../support/lab/home.ts';
import { instant } from '../../support/lab/waiting.ts';
import { repository } from '../../support/repository.ts';
import { FirstFrame } from './firstFrame.ts';

const run = promisify(execFile);

/** Seconds that a fresh clone needs: for `npm ci`, and from its start to the first frame of the demo. */
export async function cleanClone(): Promise<{ readonly install: number; readonly firstFrame: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'kp-clone-'));
  const checkout = join(folder, 'kinoport');
  let home: LabHome | undefined;
  const frame = new FirstFrame('demo');
  try {
    await run('git', ['clone', '--quiet', '--depth', '1', `file://${repository}`, checkout]);
    const began = instant();
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: checkout, maxBuffer: 64 * 1024 * 1024 });
    const install = (instant() - began) / 1000;
    home = new LabHome({ entry: join(checkout, 'host/bin/kinoport.js') });
    return { install, firstFrame: install + (await frame.play(home)) / 1000 };
  } finally {
    frame.dispose();
    await home?.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
