import { runClause, syncClauses } from '@kinoport/core/conformance';
import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { enteringFaults } from './support/sync/enteringFaults.ts';
import { faultySync } from './support/sync/faults.ts';
import { ReferenceSync } from './support/sync/referenceSync.ts';
import { stayingFaults } from './support/sync/stayingFaults.ts';
import { steeringFaults } from './support/sync/steeringFaults.ts';
import { inVirtualTime } from './support/virtualTime.ts';

const faults = [...enteringFaults, ...steeringFaults, ...stayingFaults];
/** Milliseconds in which the clock is moved on. */
const STEP = 100;

describe('a sync that keeps the contract', () => {
  it.each(syncClauses.map((clause) => [clause.id, clause] as const))('%s', async (_id, clause) => {
    const clock = new VirtualClock();
    const subject = new ReferenceSync(clock).subject();
    const { status, message } = await inVirtualTime(clock, runClause(clause, subject, { clock }), STEP);
    expect({ status, message }).toEqual({ status: 'passed' });
  });
});

describe('a sync with one fault fails the clause about it', () => {
  it('there is a fault for each clause', () => {
    const faulty = faults.map(({ clause }) => clause);
    expect(faulty.toSorted()).toEqual(syncClauses.map(({ id }) => id).toSorted());
  });

  it.each(faults.map((fault) => [fault.clause, fault.fault, fault] as const))(
    '%s: %s',
    async (id, _, fault) => {
      const clause = syncClauses.find((one) => one.id === id);
      if (!clause) throw new Error(`There is no clause ${id}.`);
      const clock = new VirtualClock();
      const result = await inVirtualTime(clock, runClause(clause, faultySync(clock, fault), { clock }), STEP);
      expect(result.status).toBe('failed');
    },
  );
});
