import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename, rm } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { checkedSchema } from '../plugins/validation.ts';

/** Plugin id to name to value. */
export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

const Content = Type.Union([
  Type.Object({
    version: Type.Literal(1),
    plain: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  }),
  Type.Object({
    version: Type.Literal(1),
    sealed: Type.Object({ iv: Type.String(), tag: Type.String(), data: Type.String() }),
  }),
]);
/** The file of secrets: as it is, or sealed by AES-256-GCM with a key that lies elsewhere. */
export type SecretFileContent = Static<typeof Content>;

const content = checkedSchema<SecretFileContent>(() => Content);
const plain = checkedSchema<Secrets>(() =>
  Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
);

/** A file that is not one of secrets, or was sealed with another key. */
export class DamagedSecretFile extends Error {}

/** `undefined`: there is none. @throws DamagedSecretFile; what the file system says */
export async function readSecretFile(file: string): Promise<SecretFileContent | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  // Whoever copied it here may have let everybody read it.
  if (process.platform !== 'win32') await chmod(file, 0o600);
  return checked(text, content);
}

/** Whole at every moment, only for the user, and on disk when it resolves. */
export async function writeSecretFile(file: string, value: SecretFileContent): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(value)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** @param key 32 bytes */
export function seal(secrets: Secrets, key: Buffer): SecretFileContent {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const data = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()]);
  const base64 = (bytes: Buffer): string => bytes.toString('base64');
  return {
    version: 1,
    sealed: { iv: base64(iv), tag: base64(cipher.getAuthTag()), data: base64(data) },
  };
}

/** @throws DamagedSecretFile */
export function unseal(
  { iv, tag, data }: { readonly iv: string; readonly tag: string; readonly data: string },
  key: Buffer,
): Secrets {
  let text: string;
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: 16 });
    cipher.setAuthTag(Buffer.from(tag, 'base64'));
    text = cipher.update(Buffer.from(data, 'base64'), undefined, 'utf8') + cipher.final('utf8');
  } catch {
    throw new DamagedSecretFile('It does not open with the key of the keyring.');
  }
  return checked(text, plain);
}

function checked<T>(text: string, schema: ReturnType<typeof checkedSchema<T>>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DamagedSecretFile('It is no JSON.');
  }
  // What is wrong in it would quote it.
  if (!schema.is(value)) throw new DamagedSecretFile('It is not a file of secrets.');
  return value;
}
