import { createRequire } from 'node:module';

/** Whether a package is there to be loaded; whether it runs on this machine is another question. */
export function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
