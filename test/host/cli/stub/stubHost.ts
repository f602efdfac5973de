/**
 * A host that only talks: the protocol's surface without players. Started by the real command line as its
 * `dist/host.js`. What it is asked goes to `calls.jsonl`; sessions outlive it in `sessions.json`, as films do.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KinoportError, type PlayerState, serializeError } from '@kinoport/core';
import { type WebSocket, WebSocketServer } from 'ws';
import type { PlaybackEvent } from '../../../../host/src/api/protocol.ts';
import { writeEndpoint } from '../../../../host/src/home/endpoint.ts';
import { prepareHome } from '../../../../host/src/home/prepareHome.ts';
import { resolveHome } from '../../../../host/src/home/resolveHome.ts';

const home = resolveHome(process.env, process.platform, homedir());
const at = (name: string): string => join(home.data, name);
// The test is over, and its home gone: this one was started by a command that found another host meanwhile.
if (!existsSync(at('stub.json'))) process.exit(1);
prepareHome(home);
const settings = JSON.parse(readFileSync(at('stub.json'), 'utf8'));
appendFileSync(at('pids'), `${process.pid}\n`);

if (settings.fatal) {
  console.error('starting');
  console.error(JSON.stringify({ fatal: settings.fatal }));
  process.exit(1);
}
if (settings.crash) {
  console.error('Segmentation fault, or so');
  process.exit(3);
}
try {
  writeFileSync(at('lock'), String(process.pid), { flag: 'wx' });
} catch {
  const owner = Number(readFileSync(at('lock'), 'utf8'));
  if (isAlive(owner)) process.exit(75);
  writeFileSync(at('lock'), String(process.pid));
}

interface Session {
  readonly id: string;
  readonly uri: string;
}
const sessions = new Map<string, Session>(
  existsSync(at('sessions.json')) ? JSON.parse(readFileSync(at('sessions.json'), 'utf8')) : [],
);
const save = (): void => writeFileSync(at('sessions.json'), JSON.stringify([...sessions]));
const clients = new Map<WebSocket, string | undefined>();

const version = settings.version ?? '0.1.0';
const token = 'x'.repeat(43);
const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  path: '/v1/rpc',
  verifyClient: ({ req }: { req: { headers: { authorization?: string } } }) =>
    req.headers.authorization === `Bearer ${token}`,
});
server.on('listening', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  writeEndpoint(home, { pid: process.pid, version, port: address.port, token });
});
server.on('connection', (socket) => {
  socket.on('close', () => clients.delete(socket));
  socket.on('message', (data) => {
    const { id, method, params } = JSON.parse(String(data));
    appendFileSync(at('calls.jsonl'), `${JSON.stringify({ method, params, pid: process.pid })}\n`);
    if (id === undefined) return;
    try {
      const result = answer(method, params, socket);
      if (result !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
    } catch (error) {
      const view = serializeError(error);
      socket.send(
        JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: view.message, data: view } }),
      );
    }
  });
});

function answer(method: string, params: Record<string, unknown>, socket: WebSocket): unknown {
  switch (method) {
    case 'host.status':
      return {
        version,
        pid: process.pid,
        startedAt: 0,
        sessions: sessions.size,
        plugins: 0,
        configProblems: [],
      };
    case 'host.stop':
      setTimeout(() => process.exit(0), 20);
      return { stopping: true };
    case 'playback.subscribe': {
      const sessionId = params.sessionId as string | undefined;
      const session = sessionId === undefined ? undefined : sessions.get(sessionId);
      if (sessionId !== undefined && !session)
        throw new KinoportError('SESSION_NOT_FOUND', 'There is no such session.');
      clients.set(socket, sessionId);
      if (session) begin(session);
      return { sessions: [...sessions.keys()] };
    }
    case 'playback.open':
      return open((params.uris as string[])[0] ?? '');
    case 'playback.command':
      return command(params as { sessionId?: string; command: { name: string } });
    case 'continue.list':
    case 'progress.list':
      return settings.progress ?? [];
    case 'progress.get': {
      const view = settings.progress?.[0];
      if (!view)
        throw new KinoportError('PROGRESS_NONE', 'No progress is known.', { hint: 'Play it first.' });
      return view;
    }
    case 'commands.run':
      notify('command.output', { stream: 'out', text: JSON.stringify(params) }, socket);
      return { exitCode: 7 };
    default:
      throw new KinoportError('METHOD_NOT_FOUND', `There is no method ${method}.`);
  }
}

function open(uri: string): unknown {
  if (uri.includes('missing')) {
    throw new KinoportError('SOURCE_NOT_FOUND', `There is no file ${uri}.`, { hint: 'Check the path.' });
  }
  const session = { id: `s${sessions.size + 1}`, uri };
  sessions.set(session.id, session);
  save();
  // Before the answer, as a host may: the client must not miss it.
  begin(session);
  if (uri.includes('broken')) setTimeout(() => end(session, 'interrupted'), 50);
  if (uri.includes('short')) setTimeout(() => end(session, 'finished'), 50);
  return { sessionId: session.id };
}

function begin(session: Session): void {
  const item = { key: 'size:1', uri: session.uri, title: 'Film', kind: 'video' } as const;
  const base = { sessionId: session.id, player: 'mpv', source: 'files' };
  event({ type: 'started', ...base, item, index: 0, count: 1, start: 723, resumed: true });
  event({ type: 'state', sessionId: session.id, state: state() });
}

function state(): PlayerState {
  return {
    itemToken: 'p-1',
    status: 'playing',
    position: 723,
    at: Number(process.hrtime.bigint()) / 1e6,
    duration: 6130,
    rate: 1,
    volume: 100,
    muted: false,
    seekable: true,
    epoch: 1,
    cause: 'user',
    tracks: [],
  };
}

function command({
  sessionId,
  command: { name },
}: {
  sessionId?: string;
  command: { name: string };
}): unknown {
  const session = sessions.get(sessionId ?? [...sessions.keys()][0] ?? '');
  if (!session) throw new KinoportError('NOTHING_PLAYING', 'Nothing is playing.');
  if (name === 'stop' && !session.uri.includes('stubborn')) setTimeout(() => end(session, 'stopped'), 30);
  return { sessionId: session.id };
}

function end(session: Session, reason: 'finished' | 'stopped' | 'interrupted'): void {
  sessions.delete(session.id);
  save();
  const item = { key: 'size:1', uri: session.uri, title: 'Film', kind: 'video' } as const;
  const watched = reason === 'finished';
  event({ type: 'ended', sessionId: session.id, item, reason, position: 724.5, duration: 6130, watched });
  event({ type: 'closed', sessionId: session.id });
}

function event(value: PlaybackEvent): void {
  for (const [socket, only] of clients) {
    if (only === undefined || only === value.sessionId) notify('playback.event', value, socket);
  }
}

function notify(method: string, params: unknown, socket: WebSocket): void {
  socket.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
