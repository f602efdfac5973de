import Type from 'typebox';
import type { Redactor } from '../log/redactor.ts';
import { LONGEST_SECRET_NAME, type SecretStore } from '../secrets/secretStore.ts';
import type { PluginCalls } from './calls.ts';
import { checkedSchema } from './validation.ts';

const name = Type.String({ minLength: 1, maxLength: LONGEST_SECRET_NAME });
const params = {
  get: checkedSchema<{ readonly name: string }>(() => Type.Object({ name })),
  set: checkedSchema<{ readonly name: string; readonly value?: string }>(() =>
    Type.Object({ name, value: Type.Optional(Type.String()) }),
  ),
};

/** `ctx.secrets` of every plugin: its own and no other's. */
export function servePluginSecrets(calls: PluginCalls, store: SecretStore, redactor: Redactor): void {
  calls.onCall(
    'secrets/get',
    async (asked, plugin) => {
      const value = await store.get(plugin.id, asked.name);
      redactor.add(value);
      return value === undefined ? {} : { value };
    },
    params.get,
  );
  calls.onCall(
    'secrets/set',
    async (given, plugin) => {
      redactor.add(given.value);
      await store.set(plugin.id, given.name, given.value);
    },
    params.set,
  );
}
