// The docstrings of interfaces in a TypeScript file, by `Interface` and `Interface.member.member`.

/** @returns {Map<string, string>} texts of one line each */
export function docstrings(source) {
  const found = new Map();
  const path = [];
  let doc = '';
  let reading = false;
  for (const line of source.split('\n')) {
    const text = line.trim();
    if (reading || text.startsWith('/**')) {
      doc += ` ${text.replace(/^\/?\*+\/?/, '').replace(/\*\/$/, '')}`;
      reading = !text.endsWith('*/');
      continue;
    }
    const [, type, member] = /^export (?:interface|type) (\w+)|^readonly (\w+)\??:/.exec(text) ?? [];
    const name = type ?? member;
    if (name !== undefined) {
      if (type !== undefined) path.length = 0;
      const key = [...path, name].join('.');
      if (doc !== '' && !found.has(key)) found.set(key, doc.replace(/\s+/g, ' ').trim());
      if (text.endsWith('{') || (type !== undefined && text.endsWith('='))) path.push(name);
    } else if (/^\}/.test(text) && path.length > 1) path.pop();
    if (text !== '') doc = '';
  }
  return found;
}
