// @ts-check
/** @import { Item, PluginContext, PublishedStream, Source, SourceStream } from '@kinoport/core' */
import { KinoportError } from '@kinoport/core';
import { etag, readTone, SECONDS, SIZE } from './tone.js';

/**
 * Makes tones playable: `{{id}}:440` is one of 440 Hz, `{{id}}:440,660` a list of two. Put in their place what you
 * have: from an address to items, from an item to bytes.
 * @param {PluginContext} ctx
 * @returns {Source}
 */
export function createSource(ctx) {
  /** @type {Map<string, PublishedStream>} */
  const streams = new Map();

  /**
   * @param {string} streamId
   * @param {number} frequency
   * @returns {Promise<SourceStream>}
   */
  async function publish(streamId, frequency) {
    const validators = { etag: etag(frequency) };
    const stream = await ctx.streams.publish({
      id: streamId,
      size: SIZE,
      type: 'audio/wav',
      name: `${frequency}.wav`,
      validators,
      read: (start, end = SIZE, signal) => readTone(frequency, start, end, signal),
    });
    streams.set(streamId, stream);
    // The record is what `reopen` gets in another process. It is stored, so no secrets.
    return {
      location: { type: 'published' },
      size: SIZE,
      duration: SECONDS,
      validators,
      record: { frequency },
    };
  }

  return {
    async resolve(uri, { signal }) {
      signal?.throwIfAborted();
      const items = uri
        .slice(uri.indexOf(':') + 1)
        .split(',')
        .map(itemOf);
      return { kind: items.length === 1 ? 'single' : 'playlist', items };
    },

    async open(item, { streamId, signal }) {
      signal?.throwIfAborted();
      return publish(streamId, frequencyOf(item.uri.slice('{{id}}:'.length)));
    },

    reopen: ({ streamId, record }) => publish(streamId, Number(record.frequency)),

    async release(streamId) {
      await streams.get(streamId)?.dispose();
      streams.delete(streamId);
    },
  };
}

/**
 * @param {string} text
 * @returns {Item}
 */
function itemOf(text) {
  const frequency = frequencyOf(text);
  return {
    // What progress is joined on. It stands for the content, whatever the address.
    key: `{{id}}:${frequency}`,
    uri: `{{id}}:${frequency}`,
    title: `${frequency} Hz`,
    kind: 'audio',
    size: SIZE,
    duration: SECONDS,
    mime: 'audio/wav',
  };
}

/**
 * Hertz.
 * @param {string} text
 * @throws KinoportError `SOURCE_NOT_FOUND`
 */
function frequencyOf(text) {
  const frequency = Number(text);
  if (!(frequency >= 20 && frequency <= 4000)) {
    throw new KinoportError('SOURCE_NOT_FOUND', `There is no tone "${text}".`, {
      hint: 'Give 20 to 4000 Hz: {{id}}:440.',
    });
  }
  return frequency;
}
