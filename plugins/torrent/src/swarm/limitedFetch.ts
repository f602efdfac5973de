/** An answer of a tracker with 10 000 peers is 60 KB. */
const LONGEST = 4 * 1024 * 1024;

/** Stands for `cross-fetch-ponyfill` in the bundle: Node's own, of which an answer cannot fill the memory. */
export default async function limitedFetch(url: string, options?: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > LONGEST) throw new Error(`The answer of ${new URL(url).host} is too long.`);
    parts.push(part);
  }
  const { status, statusText, headers } = response;
  const body = [204, 205, 304].includes(status) ? null : Buffer.concat(parts);
  return new Response(body, { status, statusText, headers });
}
