import { getManyValues, isMany, none } from 'stream-chain/defs.js';
import { jsonParser, type Token } from 'stream-json/core/parser.js';
import { ensure, TsgptError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { DocumentPiece } from './document-piece.ts';
import { ensureText, missingField } from './field.ts';

/** What a value of another kind is, for a message. */
const others: Partial<Record<Token['name'], unknown>> = {
  ...{ startObject: {}, startArray: [], numberValue: 0, trueValue: true, falseValue: false, nullValue: null },
};

/** A JSON object too long for memory: its parts come one by one, and so do those of the text in one of its fields. */
export class HugeRecord {
  readonly #parse = jsonParser({ packStrings: false, streamNumbers: false, streamKeys: false });
  readonly #field: string;
  readonly #place: string;
  /** The fields that lead to the next value: in an object its name, in a list its number. */
  readonly #path: (string | number)[] = [];
  readonly #fields: string[] = [];
  #pieces: DocumentPiece[] = [];
  #isInside = false;
  #isFound = false;

  /** @param place which record it is, for messages */
  constructor(field: string, place: string) {
    this.#field = field;
    this.#place = place;
  }

  /** Takes the next part of the JSON text, and gives what it has of the document. */
  push(json: string, isEnd: boolean): readonly DocumentPiece[] {
    this.#pieces = [];
    this.#parsePart(json);
    if (isEnd) {
      this.#parsePart(none);
      ensure(this.#isFound, () => missingField(this.#place, this.#field, this.#fields));
      this.#pieces.push({ text: '', isEnd: true });
    }
    return this.#pieces;
  }

  #parsePart(json: string | typeof none): void {
    let tokens: unknown;
    try {
      tokens = this.#parse(json as string);
    } catch (cause) {
      const reason = printable((cause as Error).message);
      throw new TsgptError(`${this.#place} is not JSON (${reason}); correct or remove the line`, { cause });
    }
    if (isMany(tokens)) for (const token of getManyValues(tokens)) this.#take(token as Token);
  }

  #take(token: Token): void {
    const path = this.#path;
    switch (token.name) {
      case 'keyValue':
        path[path.length - 1] = token.value;
        if (path.length === 1) this.#fields.push(token.value);
        return;
      case 'stringChunk':
        if (this.#isInside) this.#pieces.push({ text: token.value, isEnd: false });
        return;
      case 'endString':
        this.#isInside = false;
        return;
      case 'endObject':
      case 'endArray':
        path.pop();
        return;
    }
    const isStart = token.name === 'startString' || token.name in others;
    if (!isStart) return;
    const last = path.at(-1);
    if (typeof last === 'number') path[path.length - 1] = last + 1;
    if (!this.#isFound && path.length > 0 && path.join('.') === this.#field) {
      this.#isFound = true;
      if (token.name === 'startString') this.#isInside = true;
      else ensureText(others[token.name], this.#field, this.#place);
    }
    if (token.name === 'startObject') path.push('');
    if (token.name === 'startArray') path.push(-1);
  }
}
