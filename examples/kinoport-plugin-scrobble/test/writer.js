// @ts-check
// A process that notes plays as fast as it can, each with its number, until it is killed.
import { Journal } from '../src/journal.js';

const [file = '', from = '0', count = '0'] = process.argv.slice(2);
const journal = new Journal(file);
for (let number = Number(from); number < Number(from) + Number(count); number += 1) {
  const play = `play-${number}`;
  const common = { title: `Film ${number}`, key: 'test:film', uri: 'test:film', player: 'test', position: 0 };
  await journal.append((plays) => {
    if (plays.get(play)) return undefined;
    const time = new Date(0).toISOString();
    return { time, event: 'began', ...common, play, session: 'session', home: 'home', instant: 1 };
  });
  process.stdout.write(`${number}\n`);
}
