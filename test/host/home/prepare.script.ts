/** `node prepare.script.ts HOME`: prepares a home as the user it runs as, and says how that went. */
import { serializeError } from '@kinoport/core';
import { prepareHome } from '../../../host/src/home/prepareHome.ts';
import { resolveHome } from '../../../host/src/home/resolveHome.ts';

const [folder = ''] = process.argv.slice(2);
try {
  prepareHome(resolveHome({ KINOPORT_HOME: folder }, process.platform, folder));
  console.log(JSON.stringify({ code: 'OK' }));
} catch (error) {
  const { code, message, hint } = serializeError(error);
  console.log(JSON.stringify({ code, message, hint }));
}
