import { type CommandArguments, type CommandIo, KinoportError } from '@kinoport/core';

/** Of a person at the terminal, else the first line of standard input. */
export async function askPassword(io: CommandIo): Promise<string> {
  return checked(
    io.isTTY ? await io.prompt('Password of the room: ', { hidden: true }) : await firstLine(io),
  );
}

/** What the client has read from the file that was named; undefined: none was. */
export function passwordOfFile({ 'password-file': text }: CommandArguments['options']): string | undefined {
  return typeof text === 'string' ? checked(text) : undefined;
}

function checked(text: string): string {
  const password = text.trim();
  if (password === '' || password.length > 128 || /[\r\n]/.test(password))
    throw new KinoportError('INVALID_ARGUMENT', 'A password is one line of 1 to 128 characters.', {
      hint: 'Type it when it is asked for, or name a file that holds it with --password-file.',
    });
  return password;
}

async function firstLine(io: CommandIo): Promise<string> {
  for await (const line of io.lines()) return line;
  return '';
}
