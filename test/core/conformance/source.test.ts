import { runClause, sourceClauses } from '@kinoport/core/conformance';
import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { referenceSource } from './support/referenceSource.ts';
import { faultySource, sourceFaults } from './support/sourceFaults.ts';
import { inVirtualTime } from './support/virtualTime.ts';

describe('a source that keeps the contract', () => {
  it.each(sourceClauses.map((clause) => [clause.id, clause] as const))('%s', async (_id, clause) => {
    const clock = new VirtualClock();
    const { subject } = referenceSource(clock);
    const { status, message } = await inVirtualTime(clock, runClause(clause, subject(), { clock }));
    expect({ status, message }).toEqual({ status: 'passed' });
  });
});

describe('a source with one fault fails exactly the clause about it', () => {
  it('there is a fault for each clause', () => {
    const faulty = sourceFaults.map(({ clause }) => clause);
    expect(faulty.toSorted()).toEqual(sourceClauses.map(({ id }) => id).toSorted());
  });

  it.each(sourceFaults.map((fault) => [fault.clause, fault.fault, fault] as const))(
    '%s: %s',
    async (id, _fault, fault) => {
      const failed: string[] = [];
      for (const clause of sourceClauses) {
        const clock = new VirtualClock();
        const world = referenceSource(clock);
        const subject = world.subject(faultySource(world, clock, fault));
        const result = await inVirtualTime(clock, runClause(clause, subject, { clock }));
        if (result.status === 'failed') failed.push(`${clause.id}: ${result.message}`);
      }
      expect(failed).toEqual([expect.stringContaining(`${id}: `)]);
    },
  );
});
