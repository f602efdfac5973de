import { systemClock } from '@kinoport/core';
import { TestContext } from '@kinoport/core/testing';
import { expect, it } from 'vitest';
import { serveCommands } from '../../../host/src/runtime/commands.ts';
import { peerPair } from '../rpc/pipes.ts';

it('asks only when what was printed before is there', async () => {
  const { near, far } = await peerPair();
  const context = new TestContext();
  const seen: string[] = [];
  far.handle('command/output', async (params) => {
    const { text } = params as { readonly text: string };
    // A terminal that takes its time.
    await new Promise((resolve) => systemClock.after(20, () => resolve(undefined)));
    seen.push(text);
    return null;
  });
  far.handle('command/prompt', async () => {
    seen.push('?');
    return { line: 'yes' };
  });
  context.ctx.commands.register('test ask', async (_input, io) => {
    io.line('one');
    io.line('two');
    io.line(await io.prompt('sure?'));
    return 0;
  });
  serveCommands(near, { get: (id: string) => context.commands.get(id) } as never, context.ctx.log);
  const client = { isTTY: true, columns: 80, color: false, wantsJson: false, display: {} };
  const run = { runId: 'r', command: 'test ask', args: {}, options: {}, client };
  expect(await far.call('command/run', run)).toEqual({ exitCode: 0 });
  expect(seen).toEqual(['one', 'two', '?', 'yes']);
  near.dispose();
  far.dispose();
  await context.dispose();
});
