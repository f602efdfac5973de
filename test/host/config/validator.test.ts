import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { validate } from '../../../host/src/config/validator.ts';

describe('a schema', () => {
  it('that is read again and again is kept once', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const read = () => ({ type: 'object', properties: { size: { type: 'integer' } } });
    const readings = Array.from({ length: 10 }, () => {
      const schema = read();
      expect(validate(schema, { size: 'x' }).mistakes).toMatchObject([{ path: ['size'] }]);
      return new WeakRef(schema.properties);
    });
    // What was held by a weak reference in this turn of the event loop stays until its end.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(readings.filter((reading) => reading.deref() !== undefined)).toHaveLength(1);
  });

  it('is compiled anew when too many others came after it', () => {
    const named = (n: number) => ({ type: 'object', properties: { [`key${n}`]: { type: 'integer' } } });
    for (let n = 0; n < 450; n += 1)
      expect(validate(named(n % 300), { [`key${n % 300}`]: 'x' }).mistakes).toHaveLength(1);
  });
});
