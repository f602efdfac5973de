import { KinoportError } from '@kinoport/core';

const DEFAULT_PORT = 9229;

/** What `--inspect[=port]` and `--inspect-brk[=port]` ask for. @throws KinoportError `USAGE` */
export function inspectOf({
  inspect,
  inspectBrk,
}: {
  readonly inspect?: string | true;
  readonly inspectBrk?: string | true;
}): { readonly port: number; readonly wait: boolean } | undefined {
  const wait = inspectBrk !== undefined;
  const given = inspectBrk ?? inspect;
  if (given === undefined) return undefined;
  if (given === true) return { port: DEFAULT_PORT, wait };
  // As Node takes it, with a host; another than loopback would let anybody in.
  const [, port] = /^(?:(?:127\.0\.0\.1|localhost):)?(\d{1,5})$/.exec(given) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return { port: Number(port), wait };
  throw new KinoportError('USAGE', `"${given}" is not a port for debuggers.`, {
    hint: 'Give a number from 0 to 65535; 0 takes any that is free. Debuggers of other machines cannot attach.',
  });
}
