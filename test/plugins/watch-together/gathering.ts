import { type Event, once, systemClock } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { afterEach } from 'vitest';
import { readOptions } from '../../../plugins/watch-together/relay/src/program/options.ts';
import { type Relay, startRelay } from '../../../plugins/watch-together/relay/src/program/relay.ts';
import type { LinkOpener } from '../../../plugins/watch-together/src/client/link.ts';
import { RoomService } from '../../../plugins/watch-together/src/client/roomService.ts';
import { openWebSocketLink } from '../../../plugins/watch-together/src/client/webSocketLink.ts';
import { readSettings } from '../../../plugins/watch-together/src/settings.ts';

const disposables: { dispose(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of disposables.splice(0).reverse()) await one.dispose();
});

/** Is disposed of after the test, before what was owned before it. */
export function own<T extends { dispose(): void | Promise<void> }>(one: T): T {
  disposables.push(one);
  return one;
}

export type { Relay };

/** A relay with real sockets. */
export async function openRelay(port = 0): Promise<Relay> {
  const options = readOptions(['--port', String(port), '--silent'], {});
  if (!options) throw new Error('help');
  return own(await startRelay(options, { clock: systemClock, log: () => undefined }));
}

export const addressOf = ({ port }: Pick<Relay, 'port'>): string => `http://127.0.0.1:${port}`;

interface MachineOptions {
  readonly open?: LinkOpener;
  readonly context?: TestContext;
}

/** The plugin on a machine of its own, without a host. */
export function machine({ open = openWebSocketLink, context = new TestContext() }: MachineOptions = {}) {
  own(context);
  const service = own(new RoomService(context.ctx, () => readSettings({}), open));
  return { context, service, playback: context.playback };
}

export const within = <T>(event: Event<T>, accept?: (value: T) => boolean): Promise<T> =>
  once(event, accept, AbortSignal.timeout(5000));

export const FILM = {
  key: 'test:film',
  uri: '/films/Film.mkv',
  title: 'Film',
  kind: 'video',
  duration: 60,
} as const;
