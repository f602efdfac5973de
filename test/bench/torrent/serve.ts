import { createInterface } from 'node:readline';
import type { Adapter, ContenderReply, ContenderRequest } from './protocol.ts';

/** Makes this process a contender: does what standard input says, and ends with it. */
export async function serveContender(make: () => Promise<Adapter>): Promise<void> {
  const say = (reply: ContenderReply): void => void process.stdout.write(`${JSON.stringify(reply)}\n`);
  let adapter: Adapter;
  try {
    adapter = await make();
  } catch (error) {
    say({ error: text(error) });
    return;
  }
  say({ ready: true, ...(adapter.pid !== undefined && { pid: adapter.pid }) });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as ContenderRequest;
    if (request.method === 'close') break;
    // Not awaited: a torrent that never opens must still be closed.
    adapter.open(request.opening).then(
      (url) => say({ url }),
      (error: unknown) => say({ error: text(error) }),
    );
  }
  await adapter.close();
  process.stdout.write(`${JSON.stringify({ closed: true })}\n`, () => process.exit());
}

function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
