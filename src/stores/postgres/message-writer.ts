/** What a statement takes; lists go as arrays. */
export type Value = string | number | bigint | boolean | null | undefined | Uint8Array | readonly Value[];

/** What a list holds, as a statement's parameter says it: `$1::text[]`. */
export type ElementType = keyof typeof elementOids;

/** Of PostgreSQL's catalogue (pg_type.dat); they never change. */
const elementOids = {
  text: 25,
  smallint: 21,
  integer: 23,
  bigint: 20,
  'double precision': 701,
  boolean: 16,
  bytea: 17,
} as const;

const numberBytes = { boolean: 1, smallint: 2, integer: 4, bigint: 8, 'double precision': 8 } as const;

const bytesAtFirst = 65_536;
/** A buffer that one large batch has needed is not kept for longer. */
const bytesKept = 1_048_576;

/**
 * Messages to PostgreSQL (the manual, chapter "Frontend/Backend Protocol", message formats) in one buffer, which goes out with one
 * write. Lists go in their binary form: as text every element would have to be quoted here and read there.
 */
export class MessageWriter {
  #buffer = Buffer.allocUnsafeSlow(bytesAtFirst);
  #end = 0;

  /** What was written since the last call. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#end));
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#end = 0;
    if (this.#buffer.length > bytesKept) this.#buffer = Buffer.allocUnsafeSlow(bytesAtFirst);
  }

  /** Prepares a statement, in place of one that may have its name, and asks what its rows will be like. */
  prepare(name: string, text: string): void {
    this.#message('C', () => this.#naming('S', name));
    this.#message('P', () => {
      this.#zeroEnded(name);
      this.#zeroEnded(text);
      this.#int16(0);
    });
    this.#message('D', () => this.#naming('S', name));
  }

  /** Runs a prepared statement; its rows come as text. `lists`: of each parameter what it is a list of, or null. */
  run(name: string, values: readonly Value[], lists: readonly (ElementType | null)[]): void {
    this.#message('B', () => {
      this.#zeroEnded('');
      this.#zeroEnded(name);
      this.#int16(values.length);
      for (const [index, value] of values.entries()) this.#int16(isBinary(value, lists[index] ?? null) ? 1 : 0);
      this.#int16(values.length);
      for (const [index, value] of values.entries()) this.#parameter(value, lists[index] ?? null);
      this.#int16(0);
    });
    this.#message('E', () => {
      this.#zeroEnded('');
      this.#int32(0);
    });
  }

  sync(): void {
    this.#message('S', () => {});
  }

  #message(type: string, content: () => void): void {
    this.#reserve(5);
    this.#buffer.write(type, this.#end, 'latin1');
    this.#end += 1;
    this.#sized(content, 4);
  }

  /** `counted`: how much of the length's own four bytes is part of it. */
  #sized(content: () => void, counted: 0 | 4): void {
    const start = this.#end;
    this.#int32(0);
    content();
    this.#buffer.writeInt32BE(this.#end - start - 4 + counted, start);
  }

  #naming(kind: 'S' | 'P', name: string): void {
    this.#text(kind);
    this.#zeroEnded(name);
  }

  #parameter(value: Value, list: ElementType | null): void {
    if (value === null || value === undefined) this.#int32(-1);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (list !== null && isList(value)) this.#sized(() => this.#list(value, list), 0);
    else if (isList(value)) throw new TypeError('a parameter is a list, and its statement does not say of what');
    else this.#sized(() => this.#text(String(value)), 0);
  }

  #list(values: readonly Value[], type: ElementType): void {
    this.#int32(values.length === 0 ? 0 : 1);
    this.#int32(values.some((value) => value === null || value === undefined) ? 1 : 0);
    this.#int32(elementOids[type]);
    if (values.length === 0) return;
    this.#int32(values.length);
    this.#int32(1);
    for (const value of values) this.#element(value, type);
  }

  #element(value: Value, type: ElementType): void {
    if (value === null || value === undefined) this.#int32(-1);
    else if (type === 'text') this.#sizedText(String(value));
    else if (type === 'bytea') this.#bytes(bytesOf(value));
    else this.#number(value, type);
  }

  #number(value: Value, type: Exclude<ElementType, 'text' | 'bytea'>): void {
    const bytes = numberBytes[type];
    this.#int32(bytes);
    this.#reserve(bytes);
    switch (type) {
      case 'boolean':
        this.#buffer[this.#end] = Number(value);
        break;
      case 'smallint':
        this.#buffer.writeInt16BE(Number(value), this.#end);
        break;
      case 'integer':
        this.#buffer.writeInt32BE(Number(value), this.#end);
        break;
      case 'bigint':
        this.#buffer.writeBigInt64BE(wholeOf(value), this.#end);
        break;
      case 'double precision':
        this.#buffer.writeDoubleBE(Number(value), this.#end);
    }
    this.#end += bytes;
  }

  #sizedText(text: string): void {
    this.#reserve(4 + text.length * 3);
    const bytes = this.#buffer.write(text, this.#end + 4, 'utf8');
    this.#buffer.writeInt32BE(bytes, this.#end);
    this.#end += 4 + bytes;
  }

  #bytes(bytes: Uint8Array): void {
    this.#int32(bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #text(text: string): void {
    this.#reserve(text.length * 3);
    this.#end += this.#buffer.write(text, this.#end, 'utf8');
  }

  #zeroEnded(text: string): void {
    this.#text(text);
    this.#reserve(1);
    this.#buffer[this.#end] = 0;
    this.#end += 1;
  }

  #int16(value: number): void {
    this.#reserve(2);
    this.#buffer.writeInt16BE(value, this.#end);
    this.#end += 2;
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#buffer.writeInt32BE(value, this.#end);
    this.#end += 4;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#end + bytes));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

function isBinary(value: Value, list: ElementType | null): boolean {
  return value instanceof Uint8Array || (list !== null && isList(value));
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** @throws SyntaxError or RangeError for what is no integer. */
function wholeOf(value: Value): bigint {
  return typeof value === 'string' || typeof value === 'bigint' ? BigInt(value) : BigInt(Number(value));
}

function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('what is to be kept as bytes is no bytes');
}

/** What each parameter of a statement is a list of, by its casts; null where it is none. */
export function listsIn(sql: string): (ElementType | null)[] {
  const lists: (ElementType | null)[] = [];
  for (const [, place, type = ''] of sql.matchAll(/\$(\d+)::([a-z ]+)\[\]/g)) {
    if (!isElementType(type)) throw new TypeError(`a list of ${type} cannot be sent`);
    lists[Number(place) - 1] = type;
  }
  return lists;
}

function isElementType(type: string): type is ElementType {
  return Object.hasOwn(elementOids, type);
}
