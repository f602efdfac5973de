import { createRequire } from 'node:module';

/** Stands for `webtorrent/lib/utp.cjs` in the bundle, which complains aloud where there is no native part of uTP. */
function find(): object {
  try {
    return createRequire(import.meta.url)('utp-native') as object;
  } catch {
    return {};
  }
}

export default find();
