import type { Clock } from '@kinoport/core';

/** The keyring of the system, as far as it is needed: one text under one name. */
export interface Keyring {
  /** What is kept; `null`: nothing. Rejects while there is no keyring, or it is locked. */
  read(): Promise<string | null>;
  /** Rejects when it cannot be kept. */
  write(text: string): Promise<void>;
}

// A keyring may show a window that asks for its password; one that is not there at all may hang, too.
const PATIENCE = 20_000;

/**
 * The user's own keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows. Its library is
 * loaded when it is first asked.
 */
export function systemKeyring(service: string, account: string, clock: Clock): Keyring {
  const entry = async () => {
    const { AsyncEntry } = await import('@napi-rs/keyring');
    // Without this it takes the kernel's keyring where there is no other, which forgets at the next boot.
    return new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
  };
  return {
    read: async () => (await within(clock, (await entry()).getPassword())) ?? null,
    write: async (text) => within(clock, (await entry()).setPassword(text)),
  };
}

async function within<T>(clock: Clock, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(PATIENCE, () => late.reject(new Error('The keyring does not answer.')));
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    void timer.dispose();
  }
}
