/** What `npm create kinoport-plugin` makes: it passes its own checks, and lives in a real host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginPlan } from 'create-kinoport-plugin';
import { KINDS, LANGUAGES } from 'create-kinoport-plugin';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { CliHome, lines } from '../host/plugins/support/cliHome.ts';
import { needs } from '../support/system.ts';
import { complaint, testFiles, tsc, Workshop } from './support.ts';

const workshop = new Workshop();
afterAll(() => workshop.dispose());

const plans = LANGUAGES.flatMap((language) => [
  ...KINDS.map((kind) => ({ id: `${language}-${kind}`, kinds: [kind], language })),
  { id: `${language}-all`, kinds: [...KINDS], language },
]).map((plan): Omit<PluginPlan, 'directory'> => ({ ...plan, displayName: `"${plan.id}" \\ é` }));

describe.each(plans)('$id', (plan) => {
  it('passes the compiler and its own tests', async () => {
    const root = await workshop.plugin(plan);
    const project = plan.language === 'ts' ? 'tsconfig.json' : 'jsconfig.json';
    expect(complaint(root, tsc, '-p', project)).toBeUndefined();
    expect(complaint(root, '--test', testFiles(plan.language))).toBeUndefined();
  }, 60_000);
});

describe.each(LANGUAGES)('a plugin of all kinds in %s, in a host', (language) => {
  let home: CliHome;
  afterEach(() => home.dispose());

  it.skipIf(needs('ffmpeg'))(
    'greets, plays its own item in its own player, and notes what was played',
    async () => {
      const id = `host-${language}`;
      const root = await workshop.plugin({ id, displayName: 'All', kinds: [...KINDS], language });
      home = new CliHome();
      home.config({ plugins: { [root]: true } });
      expect(await home.run('config', 'check')).toMatchObject({ code: 0 });
      expect(await home.run(id, 'hello', 'Ada')).toEqual({ code: 0, stdout: 'Hello, Ada!\n', stderr: '' });

      const played = await home.run('play', `${id}:440`, '--player', id, '--start', '4', '--json');
      const events = lines(played.stdout).map((line) => JSON.parse(line) as { event: string });
      expect(events.at(0)).toMatchObject({ event: 'started', player: id, itemKey: `${id}:440` });
      expect(events.at(-1)).toMatchObject({ event: 'ended', reason: 'finished', duration: 5 });
      const notes = lines(readFileSync(join(home.folder, `data/plugins/${id}/played.jsonl`), 'utf8'));
      expect(notes.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
        'started',
        'ended',
      ]);
    },
  );
});
