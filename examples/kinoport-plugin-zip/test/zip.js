// @ts-check
// Makes zip archives for tests, also broken ones.
import { crc32, deflateRawSync } from 'node:zlib';

/**
 * @typedef {object} Member
 * @property {string} name
 * @property {Uint8Array} bytes
 * @property {boolean} [deflate]
 * @property {boolean} [encrypted] says that it is
 * @property {number} [method] says that it is compressed so
 * @property {number} [crc] a wrong one
 * @property {number} [size] a wrong one
 */

/**
 * @param {readonly Member[]} members
 * @returns {Buffer}
 */
export function zipOf(members) {
  /** @type {Buffer[]} */
  const files = [];
  /** @type {Buffer[]} */
  const directory = [];
  let offset = 0;
  for (const { name, bytes, deflate = false, encrypted = false, ...wrong } of members) {
    const data = deflate ? deflateRawSync(bytes) : Buffer.from(bytes);
    const fileName = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800 | (encrypted ? 1 : 0), 2);
    fields.writeUInt16LE(wrong.method ?? (deflate ? 8 : 0), 4);
    fields.writeUInt16LE(0x21, 8);
    fields.writeUInt32LE(wrong.crc ?? crc32(bytes), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(wrong.size ?? bytes.length, 18);
    fields.writeUInt16LE(fileName.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const file = [Buffer.from('PK\x03\x04'), fields, fileName, data];
    files.push(...file);
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), fields, rest, fileName);
    offset += file.reduce((sum, { length }) => sum + length, 0);
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, ...directory, end]);
}
