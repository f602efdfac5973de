import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';

/** The parser and all that walks over the value call themselves for each level, until the stack is full. */
const MOST_LEVELS = 100;

/** A place in a text; both from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export type JsonPath = readonly (string | number)[];

/** JSON with comments and trailing commas that remembers where everything stands. */
export class JsonText {
  readonly #text: string;
  readonly #root: Node | undefined;
  /** The first mistake; what follows one is mostly its consequence. */
  readonly syntaxError: (TextPosition & { readonly expected: string }) | undefined;

  constructor(text: string) {
    // A byte order mark would be reported as a wrong character.
    this.#text = text.replace(/^\uFEFF/, '');
    const tooDeep = offsetOfDepth(this.#text);
    if (tooDeep !== undefined) {
      this.syntaxError = {
        ...this.#positionOf(tooDeep),
        expected: `no more than ${MOST_LEVELS} levels of braces and brackets`,
      };
      return;
    }
    const errors: ParseError[] = [];
    this.#root = parseTree(this.#text, errors, { allowTrailingComma: true, allowEmptyContent: true });
    const [first] = errors;
    this.syntaxError =
      first === undefined
        ? undefined
        : {
            ...this.#positionOf(first.offset),
            expected: EXPECTED[printParseErrorCode(first.error)] ?? 'valid JSON',
          };
  }

  /** The value; an empty text is an empty object. */
  value(): unknown {
    return this.#root === undefined ? {} : getNodeValue(this.#root);
  }

  /** Where a value begins; for one that is not there, what would contain it. */
  positionOf(path: JsonPath): TextPosition {
    for (let length = path.length; length >= 0; length--) {
      const node = this.#root && findNodeAtLocation(this.#root, path.slice(0, length));
      if (node) return this.#positionOf(node.offset);
    }
    return { line: 1, column: 1 };
  }

  /** Where the key of a member begins. */
  positionOfKey(path: JsonPath): TextPosition {
    const node = this.#root && findNodeAtLocation(this.#root, [...path]);
    const key = node?.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    return key === undefined ? this.positionOf(path) : this.#positionOf(key.offset);
  }

  #positionOf(offset: number): TextPosition {
    const lines = this.#text.slice(0, offset).split(/\r\n|\r|\n/);
    return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  }
}

/** Where the first brace or bracket opens that lies deeper than 100 levels. */
export function offsetOfDepth(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const first = text[scanner.getTokenOffset()];
    if (first === '{' || first === '[') depth += 1;
    else if (first === '}' || first === ']') depth -= 1;
    if (depth > MOST_LEVELS) return scanner.getTokenOffset();
  }
  return undefined;
}

/** `progress.watchedAt`, `plugins["../my-plugin"].config`. */
export function formatPath(path: JsonPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** By the parser's own names for its errors. */
const EXPECTED: Readonly<Record<string, string>> = {
  InvalidSymbol: 'double quotes around keys and text',
  InvalidNumberFormat: 'a number',
  PropertyNameExpected: 'a key in double quotes',
  ValueExpected: 'a value',
  ColonExpected: 'a colon after the key',
  CommaExpected: 'a comma',
  CloseBraceExpected: 'a closing brace }',
  CloseBracketExpected: 'a closing bracket ]',
  EndOfFileExpected: 'nothing more after the last brace',
  InvalidCommentToken: 'a comment that begins with // or /*',
  UnexpectedEndOfComment: 'the end */ of the comment',
  UnexpectedEndOfString: 'a closing double quote',
  UnexpectedEndOfNumber: 'the rest of the number',
  InvalidUnicode: 'four hexadecimal digits after \\u',
  InvalidEscapeCharacter: 'an escape that JSON knows (write a backslash as \\\\)',
  InvalidCharacter: 'no control character here',
};
