import type { CommandArguments, CommandHandler, CommandIo } from '../commands.ts';
import { KinoportError } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';

/** What a test gives a command to work with. */
export interface TestCommandInput extends Partial<CommandArguments> {
  /** What is typed at `io.prompt`, one after the other. When there is none left: `NOT_INTERACTIVE`. */
  readonly answers?: readonly string[];
  /** Lines of standard input. */
  readonly input?: readonly string[];
  /** Whether `--json` was given. */
  readonly json?: boolean;
  readonly signal?: AbortSignal;
  /** Once `signal` has fired: nobody asked for the end, the client is lost. */
  readonly clientGoes?: boolean;
  readonly display?: Readonly<Record<string, string>>;
}

/** What a command did. */
export interface TestCommandResult {
  readonly exitCode: number;
  /** Lines of standard output and standard error, in order. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** What stood in the status line, one after the other. */
  readonly statuses: readonly string[];
  /** What was asked. */
  readonly questions: readonly string[];
}

/**
 * Runs a handler as the host would, on a terminal of 80 columns that only remembers.
 * @param configure takes the settings that the command changes
 */
export async function runTestCommand(
  handler: CommandHandler,
  given: TestCommandInput,
  configure: (settings: JsonObject) => void,
): Promise<TestCommandResult> {
  const { args = {}, options = {}, answers = [], input = [], json = false, display = {} } = given;
  const { signal = new AbortController().signal, clientGoes = false } = given;
  const [stdout, stderr, statuses, questions]: [string[], string[], string[], string[]] = [[], [], [], []];
  const io: CommandIo = {
    isTTY: answers.length > 0,
    columns: 80,
    color: false,
    wantsJson: json,
    display,
    signal,
    get isClientGone() {
      return clientGoes && signal.aborted;
    },
    line: (text) => stdout.push(text),
    error: (text) => stderr.push(text),
    json: (value: JsonValue) => stdout.push(JSON.stringify(value)),
    status: (text) => statuses.push(text),
    async prompt(question) {
      const answer = answers[questions.length];
      questions.push(question);
      if (answer === undefined)
        throw new KinoportError('NOT_INTERACTIVE', `The test has no answer to "${question}".`);
      return answer;
    },
    async *lines() {
      yield* input;
    },
    configure: async (settings) => configure(settings),
  };
  const exitCode = (await handler({ args, options }, io)) ?? 0;
  return { exitCode, stdout, stderr, statuses, questions };
}
