import { type CommandIo, type JsonValue, KinoportError } from '@kinoport/core';
import { CommandTerminal } from '../cli/terminal/commandTerminal.ts';
import { Output } from '../cli/terminal/output.ts';
import type { Interrupts } from './interrupts.ts';
import type { StandaloneOrder } from './order.ts';

/** The `io` of a command that has the terminal to itself. */
export function commandIo(
  { display }: Pick<StandaloneOrder, 'display'>,
  output: Output,
  interrupts: Interrupts,
): { readonly io: CommandIo; readonly terminal: CommandTerminal } {
  const terminal = new CommandTerminal(output, () => interrupts.interrupt());
  const io: CommandIo = {
    isTTY: output.isTTY,
    get columns() {
      return output.columns ?? 80;
    },
    color: output.color,
    wantsJson: output.json,
    display,
    signal: interrupts.signal,
    get isClientGone() {
      return interrupts.isOrphan;
    },
    line: (text) => terminal.data(text),
    error: (text) => terminal.note(text),
    json: (value: JsonValue) => terminal.data(JSON.stringify(value)),
    status: (text) => terminal.status(text),
    prompt: (question, options) => terminal.ask(question, options?.hidden),
    configure: async () => {
      throw new KinoportError('INVALID_ARGUMENT', 'A command without a host changes no settings.', {
        hint: 'Say in its output what belongs into the config file.',
      });
    },
    async *lines() {
      for (;;) {
        const line = await nextUnless(terminal.next(), interrupts.signal);
        if (line === null) return;
        yield line;
      }
    },
  };
  return { io, terminal };
}

export function outputOf({ output }: Pick<StandaloneOrder, 'output'>): Output {
  return new Output({
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    ...output,
  });
}

/** As in a host: who is told to end gets no more lines. */
function nextUnless(line: Promise<string | null>, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    line.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
