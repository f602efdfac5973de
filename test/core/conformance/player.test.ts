import { playerClauses, runClause } from '@kinoport/core/conformance';
import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { faultyPlayer } from './support/faults.ts';
import { playerFaults } from './support/playerFaults/all.ts';
import { referencePlayer } from './support/referencePlayer.ts';
import { inVirtualTime } from './support/virtualTime.ts';

describe('a player that keeps the contract', () => {
  it.each(playerClauses.map((clause) => [clause.id, clause] as const))('%s', async (_id, clause) => {
    const clock = new VirtualClock();
    const { subject } = referencePlayer(clock);
    const { status, message } = await inVirtualTime(clock, runClause(clause, subject(), { clock }));
    const expected = clause.id === 'player.unsupported.coded' ? 'skipped' : 'passed';
    expect({ status, message: status === 'failed' ? message : undefined }).toEqual({ status: expected });
  });
});

describe('a player with one fault fails exactly the clause about it', () => {
  it('there is a fault for each clause', () => {
    const faulty = playerFaults.map(({ clause }) => clause);
    expect(faulty.toSorted()).toEqual(playerClauses.map(({ id }) => id).toSorted());
  });

  it.each(playerFaults.map((fault) => [fault.clause, fault.fault, fault] as const))(
    '%s: %s',
    async (id, _fault, fault) => {
      const failed: string[] = [];
      for (const clause of playerClauses) {
        const clock = new VirtualClock();
        const world = referencePlayer(clock, fault.flags);
        const sound = world.subject(faultyPlayer(world, clock, fault));
        const subject = { ...sound, ...fault.subject?.(sound) };
        const result = await inVirtualTime(clock, runClause(clause, subject, { clock }));
        if (result.status === 'failed') failed.push(`${clause.id}: ${result.message}`);
      }
      expect(failed).toEqual([expect.stringContaining(`${id}: `)]);
    },
  );
});
