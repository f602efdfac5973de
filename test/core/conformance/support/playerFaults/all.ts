import type { PlayerFault } from '../faults.ts';
import { commandFaults } from './commands.ts';
import { lifeFaults } from './lives.ts';
import { tellingFaults } from './telling.ts';

/** A fault for each clause of the player contract. */
export const playerFaults: readonly PlayerFault[] = [...tellingFaults, ...commandFaults, ...lifeFaults];
