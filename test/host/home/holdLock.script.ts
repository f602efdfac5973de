/** `node holdLock.script.ts HOME`: says whether it became the host, and stays until killed. */
import { acquireHostLock } from '../../../host/src/home/hostLock.ts';
import { resolveHome } from '../../../host/src/home/resolveHome.ts';

const [folder = ''] = process.argv.slice(2);
const lock = acquireHostLock(resolveHome({ KINOPORT_HOME: folder }, process.platform, folder));
console.log(JSON.stringify({ held: lock !== undefined }));
process.stdin.resume();
process.stdin.on('close', () => lock?.dispose());
