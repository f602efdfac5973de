import { randomInt } from 'node:crypto';
import { SOCKET_PATH } from './version.ts';

/** Nothing that is read or heard as something else: no I, 1, O, 0. */
export const CODE_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
export const CODE_LENGTH = 6;
const CODE = new RegExp(`^[${CODE_ALPHABET}]{${CODE_LENGTH}}$`);
const LINK_PATH = new RegExp(`^(.*)/r/([A-Za-z0-9]{${CODE_LENGTH}})/?$`, 'i');
/** What chats and mails put around a link. */
const AROUND = /^[\s<>()[\]"'“”‘’«»]+|[\s<>()[\]"'“”‘’«».,;:!?]+$/gu;

/** A room's code of a cryptographic source: 32^6, about 10^9 of them. */
export function newRoomCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('');
}

/** The code as it is meant: in capitals, without blanks and hyphens; undefined when it cannot be one. */
export function parseRoomCode(text: string): string | undefined {
  const code = text.replace(/[\s-]+/g, '').toUpperCase();
  return CODE.test(code) ? code : undefined;
}

export interface Invitation {
  readonly code: string;
  /** `http:` or `https:` address of the relay, without a slash at its end; none for a bare code. */
  readonly relay?: string;
}

/** What a person got: a code, or a link `<relay>/r/<code>`. Undefined for anything else. */
export function parseInvitation(text: string): Invitation | undefined {
  const given = text.replace(AROUND, '');
  const bare = parseRoomCode(given);
  if (bare) return { code: bare };
  const url = URL.parse(given);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password) return undefined;
  const [, path, last = ''] = LINK_PATH.exec(url.pathname) ?? [];
  const code = parseRoomCode(last);
  return code && path !== undefined ? { code, relay: `${url.origin}${path}` } : undefined;
}

/** The link of a room; opened in a browser it shows the code and what to type. */
export function invitationLink(relay: string, code: string): string {
  return `${relay.replace(/\/+$/, '')}/r/${code}`;
}

/**
 * Where the WebSocket of a relay is: `https://a/b` is `wss://a/b/ws`. A `ws:` or `wss:` address is taken as it is
 * but for the same end. Undefined for what is no address of these.
 */
export function socketAddress(relay: string): string | undefined {
  const url = URL.parse(relay.trim());
  const scheme = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[url?.protocol ?? ''];
  if (!url || !scheme || url.username || url.password) return undefined;
  const path = url.pathname.replace(/\/+$/, '');
  return `${scheme}//${url.host}${path.endsWith(SOCKET_PATH) ? path : `${path}${SOCKET_PATH}`}`;
}
