import type { Member } from './meeting.ts';

/** What a fault turns in the reference sync, where it cannot be done around it. */
export interface SyncKnobs {
  readonly anyPassword: boolean;
  readonly idByName: boolean;
  readonly oneSeatAName: boolean;
  readonly keepsEmptyRooms: boolean;
  readonly rawNames: boolean;
  readonly keepsHost: boolean;
  readonly repeats: boolean;
  readonly rawText: boolean;
  readonly textLength: number;
  readonly leastRate: number;
  /** Who may start beside the host. */
  readonly mayStart: (member: Member) => boolean;
  /** What everybody may where the host alone may steer. */
  readonly maySteer: (kind: string) => boolean;
  /** Milliseconds ahead at which something begins. */
  readonly lead: (kind: string) => number;
  /** Seconds. */
  readonly pauseAt: number;
  readonly rateFrom: (anchor: number, now: number) => number;
  /** Of the player. */
  readonly playsInLobby: boolean;
  readonly startsAhead: number;
  readonly ignoresRate: boolean;
  readonly joinsAtAnchor: boolean;
  readonly corrects: boolean;
  readonly ignoresOffset: boolean;
  readonly loads: boolean;
  readonly stopsAtLeave: boolean;
  /** Of the viewer. */
  readonly hears: (kind: 'play' | 'pause' | 'seek' | 'rate') => boolean;
  readonly echoesRate: boolean;
  readonly takesBack: boolean;
}

export const FAULTLESS: SyncKnobs = {
  anyPassword: false,
  idByName: false,
  oneSeatAName: false,
  keepsEmptyRooms: false,
  rawNames: false,
  keepsHost: false,
  repeats: false,
  rawText: false,
  textLength: 500,
  leastRate: 0.25,
  mayStart: () => false,
  maySteer: () => false,
  lead: () => 100,
  pauseAt: 0,
  rateFrom: (_, now) => now,
  playsInLobby: false,
  startsAhead: 0,
  ignoresRate: false,
  joinsAtAnchor: false,
  corrects: true,
  ignoresOffset: false,
  loads: true,
  stopsAtLeave: false,
  hears: () => true,
  echoesRate: false,
  takesBack: true,
};
