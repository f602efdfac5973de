import type {
  Match,
  Participant,
  QueueItem,
  RoomSnapshot,
  ServerMessage,
  Settings,
  Status,
  Timeline,
} from '../protocol/index.ts';

/** What a member knows of its room. */
export interface RoomView {
  readonly code: string;
  readonly title: string | undefined;
  readonly host: string;
  readonly settings: Settings;
  /** Whether it has a password. */
  readonly locked: boolean;
  readonly salt: string;
  readonly queue: readonly QueueItem[];
  readonly timeline: Timeline;
  /** In the order of their coming. */
  readonly participants: readonly Participant[];
  readonly statuses: ReadonlyMap<string, Status>;
}

export function viewOf(room: RoomSnapshot): RoomView {
  const { code, title, host, settings, locked, salt, queue, timeline, participants } = room;
  return {
    code,
    title,
    host,
    settings,
    locked,
    salt,
    queue: queue.items,
    timeline,
    participants,
    statuses: new Map(),
  };
}

/** The room after a message; the same one when the message changes nothing of it. */
export function applied(view: RoomView, message: ServerMessage): RoomView {
  switch (message.type) {
    case 'timeline':
      return message.timeline.seq > view.timeline.seq ? { ...view, timeline: message.timeline } : view;
    case 'participant':
      return { ...view, participants: withParticipant(view.participants, message.participant) };
    case 'left': {
      const statuses = new Map(view.statuses);
      statuses.delete(message.participant);
      const participants = view.participants.filter(({ id }) => id !== message.participant);
      return { ...view, participants, statuses };
    }
    case 'host':
      return { ...view, host: message.participant };
    case 'settings':
      return { ...view, settings: message.settings, locked: message.locked, title: message.title };
    case 'queue':
      return { ...view, queue: message.queue.items };
    case 'status': {
      const known = new Set(view.participants.map(({ id }) => id));
      const told = message.members.filter(({ participant }) => known.has(participant));
      return {
        ...view,
        statuses: new Map([
          ...view.statuses,
          ...told.map(({ participant, status }) => [participant, status] as const),
        ]),
      };
    }
    default:
      return view;
  }
}

function withParticipant(all: readonly Participant[], one: Participant): readonly Participant[] {
  return all.some(({ id }) => id === one.id)
    ? all.map((other) => (other.id === one.id ? one : other))
    : [...all, one];
}

/** The item that the timeline is of. */
export const currentItem = ({ queue, timeline }: RoomView): QueueItem | undefined =>
  queue.find(({ id }) => id === timeline.media);

/** The item that follows it. */
export function nextItem({ queue, timeline }: RoomView): QueueItem | undefined {
  const at = queue.findIndex(({ id }) => id === timeline.media);
  return at < 0 ? undefined : queue[at + 1];
}

/** What the room has found of a member's copy. */
export const matchOf = (view: RoomView, id: string): Match =>
  view.participants.find((one) => one.id === id)?.match ?? 'unknown';
