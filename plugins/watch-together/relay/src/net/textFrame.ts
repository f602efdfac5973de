const FINAL_TEXT = 0x81;
/** Lengths from here on are written into two, or eight, bytes of their own; these say so. */
const SHORT = 126;
const LONG = 127;

/**
 * A message as a server's WebSocket frame (RFC 6455, 5.2): final, text, neither masked nor compressed. It is the same
 * for every connection, and one piece, so that sending it is one plain write.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < SHORT ? 2 : length < 0x1_0000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL_TEXT;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = SHORT;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LONG;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, start);
  return frame;
}
