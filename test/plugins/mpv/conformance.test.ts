import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlayerSubject, playerClauses, type RunningPlayer, runClause } from '@kinoport/core/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CutServer, serveCut } from '../../../host/src/plugins/testing/cutServer.ts';
import { isAlive, killed } from '../../support/lab/processes.ts';
import { createMpv, type MpvFixture, makeClips, tell } from './mpvFixture.ts';

/** What the flags of mpv leave nothing to say about. */
const NOTHING_TO_SAY = ['player.unsupported.coded'];

let clips: ReturnType<typeof makeClips>;
let cut: CutServer;
let mpv: MpvFixture;
let subject: PlayerSubject;

beforeAll(async () => {
  clips = makeClips();
  const garbage = join(clips.folder, 'garbage.mkv');
  writeFileSync(garbage, 'This is no film.\n'.repeat(50));
  const subtitle = join(clips.folder, 'clip.srt');
  writeFileSync(subtitle, '1\n00:00:01,000 --> 00:00:04,000\nA line.\n');
  cut = await serveCut(clips.clip, 0.3);
  mpv = await createMpv();
  const pidOf = ({ sessionId }: RunningPlayer): number => {
    const record = mpv.context.spawned.find(({ options }) => options.sessionId === sessionId);
    return record?.pid ?? -1;
  };
  subject = {
    player: mpv.player,
    media: {
      film: { path: clips.clip, title: 'A clip', duration: 30 },
      missing: { path: join(clips.folder, 'missing.mkv'), title: 'Missing' },
      garbage: { path: garbage, title: 'Garbage' },
      cut: { url: cut.url, title: 'Cut', duration: 30 },
      subtitle: { path: subtitle, language: 'en' },
    },
    isAlive: async (running) => pidOf(running) > 0 && isAlive(pidOf(running)),
    kill: (running) => killed(pidOf(running)),
    pressPause: ({ endpoint }) => tell({ endpoint }, 'keypress', 'SPACE'),
    // The fixture that began disposes of the programs of all.
    again: async () => (await mpv.again()).player,
  };
});

afterAll(async () => {
  await mpv.dispose();
  await cut.dispose();
  clips.dispose();
});

describe('mpv keeps the player contract', () => {
  test.each(playerClauses.map((clause) => [clause.id, clause] as const))(
    '%s',
    async (id, clause) => {
      const { status, message } = await runClause(clause, subject);
      const expected = NOTHING_TO_SAY.includes(id) ? 'skipped' : 'passed';
      expect({ status, ...(status === expected ? {} : { message }) }).toEqual({ status: expected });
    },
    120_000,
  );
});
