import type { Results } from '../../../api/protocol.ts';
import { formatTime } from '../../terminal/time.ts';

type Profile = Results['plugins.profile'][number];

/** Milliseconds as people say them: `42 s`, `3:05`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  return seconds < 60 ? `${Math.floor(seconds)} s` : formatTime(seconds);
}

/** `18.2 MB`; what is shared with others counted in part (PSS), else in whole (RSS), and then it says so. */
export function formatMemory(memory: Profile['memory']): string {
  if (!memory) return '';
  const text = `${(memory.bytes / 1024 / 1024).toFixed(1)} MB`;
  return memory.kind === 'pss' ? text : `${text} RSS`;
}

/** `12.3 ms`, `0.091 ms` */
export function formatMilliseconds(ms: number | null): string {
  if (ms === null) return '';
  if (ms >= 100) return `${Math.round(ms)} ms`;
  return `${ms.toFixed(ms >= 1 ? 1 : 3)} ms`;
}
