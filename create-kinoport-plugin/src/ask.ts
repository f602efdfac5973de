import { createInterface } from 'node:readline';
import { abortedError, toKinoportError } from '@kinoport/core';

/** Asks a question with a default; a wrong answer is explained and asked for again. */
export type Ask = <T>(question: string, byDefault: string, check: (answer: string) => T) => Promise<T>;

/** Runs `work` with questions on a terminal. @throws KinoportError `ABORTED` on Ctrl-C and at the end of input */
export async function withQuestions<T>(
  streams: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream },
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const lines = createInterface({ ...streams, terminal: true });
  // Lines that are typed ahead come in one piece, all before the second question.
  const typed: string[] = [];
  let taken = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  lines.on('line', (line) => {
    typed.push(line);
    taken.resolve();
  });
  const leave = (): void => ended.reject(abortedError('Nothing was made.'));
  lines.once('SIGINT', leave);
  lines.once('close', leave);
  const answer = async (prompt: string): Promise<string> => {
    lines.setPrompt(prompt);
    lines.prompt();
    while (typed.length === 0) {
      taken = Promise.withResolvers();
      await Promise.race([taken.promise, ended.promise]);
    }
    return (typed.shift() ?? '').trim();
  };
  const ask: Ask = async (question, byDefault, check) => {
    // The line editor draws its prompt anew with every key: that is the last line alone.
    const text = question.split('\n');
    const last = text.pop() ?? '';
    for (const line of text) streams.output.write(`${line}\n`);
    for (;;) {
      try {
        return check((await answer(byDefault === '' ? `${last} ` : `${last} (${byDefault}) `)) || byDefault);
      } catch (error) {
        const { code, message, hint } = toKinoportError(error);
        if (code === 'ABORTED') throw error;
        streams.output.write(`  ${message}${hint === undefined ? '' : ` ${hint}`}\n`);
      }
    }
  };
  try {
    return await work(ask);
  } finally {
    lines.close();
  }
}
