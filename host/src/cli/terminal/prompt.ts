import { createInterface } from 'node:readline/promises';
import { abortedError, KinoportError } from '@kinoport/core';
import { isInteractive } from '../context.ts';

/**
 * Asks on the terminal; the question goes to standard error, so that standard output stays data.
 * @throws KinoportError `NOT_INTERACTIVE` where there is no terminal, `ABORTED` on Ctrl-C and end of input
 */
export async function ask(question: string): Promise<string> {
  if (!isInteractive()) {
    throw new KinoportError('NOT_INTERACTIVE', 'There is a question to answer, but no terminal to ask on.', {
      hint: 'Give the answer on the command line; --help shows how.',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<never>((_resolve, reject) => {
      const leave = (): void => reject(abortedError('Nothing was chosen.'));
      lines.once('SIGINT', leave);
      lines.once('close', leave);
    });
    return await Promise.race([lines.question(question), ended]);
  } catch (error) {
    // The cursor still stands behind the question.
    process.stderr.write('\n');
    throw error;
  } finally {
    lines.close();
  }
}
