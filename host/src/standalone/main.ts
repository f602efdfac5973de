/** What runs in the process of a standalone command: the plugin's module, with this process as its terminal. */

import { registerHooks } from 'node:module';
import { PRODUCT, systemClock } from '@kinoport/core';
import { EXIT_INTERRUPTED } from '../cli/exitCodes.ts';
import { outputOf } from './commandIo.ts';
import { Interrupts } from './interrupts.ts';
import { ORDER_VARIABLE, type StandaloneNote, type StandaloneOrder } from './order.ts';
import { failure, runOrder, tell } from './runOrder.ts';

// Every plugin gets the program's own copy of the public API, whatever lies in its node_modules.
const coreUrl = new URL('./core.js', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@kinoport/core' ? { url: coreUrl, shortCircuit: true } : next(specifier, context),
});

const interrupts = new Interrupts(systemClock, () => process.exit(EXIT_INTERRUPTED));
process.on('SIGTERM', () => interrupts.terminate());
// The terminal sends it to the client as well, which passes it on: pressed once, it is to count once.
process.on('SIGINT', () => undefined);
const ordered = process.env[ORDER_VARIABLE];
delete process.env[ORDER_VARIABLE];
process.on('SIGHUP', () => {
  // As above: the client tells a terminal that has gone from somebody who means that files are to be read again.
  if (ordered !== undefined) interrupts.reload();
});
process.once('disconnect', () => interrupts.orphan());
// Who reads the output has gone, or the terminal with it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupts.orphan());

/** What is on its way to a pipe arrives before the process ends. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

async function end(exitCode: number): Promise<void> {
  await flushed(process.stdout);
  await flushed(process.stderr);
  process.exit(exitCode);
}

async function follow(order: StandaloneOrder): Promise<void> {
  process.title = `${PRODUCT.command} ${order.command}`;
  const output = outputOf(order);
  const broke = (error: unknown): Promise<void> => end(tell(output, failure(order, error)));
  process.on('uncaughtException', (error) => void broke(error));
  await runOrder(order, output, interrupts).then(end, broke);
}

process.on('message', (message: StandaloneOrder | StandaloneNote) => {
  if (!('signal' in message)) void follow(message);
  else if (message.signal === 'interrupt') interrupts.interrupt();
  else if (message.signal === 'terminate') interrupts.terminate();
  else if (message.signal === 'reload') interrupts.reload();
  else interrupts.orphan();
});

if (ordered !== undefined) {
  // A client's channel would keep the process, whatever the command waits for.
  setInterval(() => undefined, 2 ** 30);
  void follow(JSON.parse(ordered) as StandaloneOrder);
}
