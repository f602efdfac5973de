import type { SyncParticipant, SyncSettings } from '@kinoport/core';
import { cleanLine, cleanName, LIMITS, type Settings } from '../protocol/index.ts';
import type { MemberRequest } from './member.ts';
import type { RoomView } from './roomView.ts';

/** The people of a room. Their names come from elsewhere and are made fit to be shown. */
export function participantsOf(
  { participants, host, statuses }: RoomView,
  self: string,
): readonly SyncParticipant[] {
  return participants.map(({ id, name, ready, connected, buffering, waitForMe, match }) => {
    const { drift, roundTrip } = statuses.get(id) ?? {};
    return {
      id,
      name: cleanName(name) || id,
      isHost: id === host,
      isSelf: id === self,
      isReady: ready,
      connected,
      buffering,
      waitForMe,
      match,
      ...(drift === undefined ? {} : { drift }),
      ...(roundTrip === undefined ? {} : { roundTrip }),
    };
  });
}

export const settingsOf = ({ control, buffering, mismatch }: Settings): SyncSettings => ({
  control,
  buffering,
  mismatch,
});

/** What the host may change of a room. `password`: null for none. */
export interface RoomChanges extends Partial<SyncSettings> {
  readonly title?: string;
  readonly password?: string | null;
}

export function settingsRequest({ title, password, ...settings }: RoomChanges): MemberRequest {
  return {
    type: 'settings',
    settings,
    ...(title === undefined ? {} : { title: cleanLine(title, LIMITS.title) }),
    ...(password === undefined ? {} : { password }),
  };
}
