import { pidStartTime } from './startTime.ts';

/** How the guardian finds out when a process has started. */
export type GuardianMode = 'proc' | 'ps';

/**
 * The program of the guardian, for `sh -c GUARDIAN name proc|ps`. Each line of its input is the whole list of those it
 * guards, `[-]PID START ...`, `-` where the group is meant; the last line counts. At the end of input it leaves the
 * healthy 0.3 s to end by themselves and kills those of the rest that are still the same processes.
 *
 * Only what every POSIX shell has built in, so that it needs no memory to speak of (0.4 MB with dash) and nothing that
 * can fail when a machine runs out of it; `ps` is for systems without /proc.
 */
export const GUARDIAN = `
trap '' HUP INT QUIT TERM TSTP
list=
while read -r line; do list=$line; done
[ -n "$list" ] || exit 0
sleep 0.3
set -f
started() {
  pid=$1 now=
  if [ "$mode" = proc ]; then
    read -r stat < "/proc/$pid/stat" || return 0
    set -- \${stat##*) }
    now=\${20}
  else
    set -- $(LC_ALL=C ps -o lstart= -p "$pid")
    IFS=_
    now="$*"
    unset IFS
  fi
}
mode=$1
set -- $list
while [ $# -gt 1 ]; do
  started "\${1#-}"
  if [ "$pid" -gt 1 ] && [ "$now" = "$2" ]; then kill -9 "$1" || kill -9 "$pid"; fi
  shift 2
done
`;

export const guardianMode = (platform: NodeJS.Platform): GuardianMode =>
  platform === 'linux' ? 'proc' : 'ps';

/** A start time as the guardian finds it: without the boot, which it shares with the host, and without spaces. */
export async function guardianStart(pid: number, platform?: NodeJS.Platform): Promise<string | undefined> {
  const start = await pidStartTime(pid, platform);
  return start?.replace(/-.*$/, '').replaceAll(' ', '_');
}
