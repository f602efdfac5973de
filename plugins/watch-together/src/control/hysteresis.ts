/** `lock`: close enough, nothing is done · `trim`: the speed is changed until the error is small. */
export type TrimMode = 'lock' | 'trim';

/** Two thresholds, so that noise about one of them changes nothing. Seconds. */
export function nextMode(
  mode: TrimMode,
  error: number,
  bands: { readonly engage: number; readonly release: number },
): TrimMode {
  const size = Math.abs(error);
  if (mode === 'lock') return size > bands.engage ? 'trim' : 'lock';
  return size < bands.release ? 'lock' : 'trim';
}
