import type { JsonObject } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

/** The host's own log: lines on standard error, which is a file when the host runs in the background. */
export interface Logger {
  debug(message: string, data?: JsonObject): void;
  info(message: string, data?: JsonObject): void;
  warn(message: string, data?: JsonObject): void;
  error(message: string, data?: JsonObject): void;
}

export const Logger: InjectionToken<Logger> = Symbol('Logger');

/** `verbose` lets debug lines through. */
export function createLogger(write: (line: string) => void, verbose = false): Logger {
  const line = (level: string) => (message: string, data?: JsonObject) => {
    if (level === 'debug' && !verbose) return;
    write(`${new Date().toISOString()} ${level} ${message}${data ? ` ${JSON.stringify(data)}` : ''}\n`);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
