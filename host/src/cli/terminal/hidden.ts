import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { abortedError, KinoportError } from '@kinoport/core';
import { isInteractive } from '../context.ts';

/** Longest text that is taken from a pipe, in bytes; more is no password. */
const LONGEST = 64 * 1024;

/**
 * Asks on the terminal for something that is not shown while it is typed; the question goes to standard error.
 * @throws KinoportError `NOT_INTERACTIVE` where there is no terminal, `ABORTED` on Ctrl-C and end of input
 */
export async function askHidden(question: string): Promise<string> {
  if (!isInteractive()) {
    throw new KinoportError('NOT_INTERACTIVE', 'There is a question to answer, but no terminal to ask on.', {
      hint: 'Give the answer through standard input; --help shows how.',
    });
  }
  // The editor of lines echoes into this, which keeps it to itself.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      for (const end of ['SIGINT', 'close'] as const)
        lines.once(end, () => reject(abortedError('Nothing was given.')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/**
 * All of standard input, which is no terminal, or of a file, without the end of its last line.
 * @throws KinoportError `INVALID_ARGUMENT` when it is larger than 64 KiB or no UTF-8
 */
export async function readAllInput(
  input: NodeJS.ReadableStream = process.stdin,
  name = 'Standard input',
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LONGEST)
      throw new KinoportError('INVALID_ARGUMENT', `${name} holds more than ${LONGEST} bytes.`);
    chunks.push(bytes);
  }
  try {
    const text = new TextDecoder('utf8', { fatal: true }).decode(Buffer.concat(chunks));
    return text.replace(/\r?\n$/, '');
  } catch (cause) {
    throw new KinoportError('INVALID_ARGUMENT', `${name} is no text in UTF-8.`, { cause });
  }
}
