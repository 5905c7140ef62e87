import type { Connection, Submittable } from 'pg';
import type { Row } from '../mapping.ts';
import { type ElementType, listsIn, type MessageWriter, type Value } from './message-writer.ts';

/** What came of a statement. */
export interface Answer {
  rows: Row[];
  /** `COMMIT` where a commit was one. */
  tag: string;
  /** Rows that were changed, or found. */
  count: number;
}

/** A statement by its text, as all connections of a node know it. */
export class Statement {
  readonly text: string;
  readonly name: string;
  readonly lists: readonly (ElementType | null)[];
  #columns: readonly { name: string; parse: (text: string) => Row[string] }[] = [];
  #empty: Row = {};

  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
    this.lists = listsIn(text);
  }

  describe(columns: readonly { name: string; parse: (text: string) => Row[string] }[]): void {
    this.#columns = columns;
    this.#empty = Object.fromEntries(columns.map(({ name }) => [name, null]));
  }

  rowOf(fields: readonly (string | null)[]): Row {
    // A copy of one object: all rows have one shape.
    const row = { ...this.#empty };
    for (const [index, { name, parse }] of this.#columns.entries()) {
      const field = fields[index] ?? null;
      if (field !== null) row[name] = parse(field);
    }
    return row;
  }
}

export interface Asked {
  statement: Statement;
  values: readonly Value[];
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

export interface FlightTools {
  writer: MessageWriter;
  /** What this connection has prepared. */
  prepared: Set<Statement>;
  parserOf(type: number): (text: string) => Row[string];
}

/**
 * Statements that go to the server with one write and one sync. One that fails ends the flight: what was asked after it was not
 * done. Its form is what the driver takes instead of a query of its own, which would write, describe and sync each alone.
 */
export class Flight implements Submittable {
  readonly asked: readonly Asked[];
  /** The driver's, where it limits how long an answer may take. */
  callback?: (error: unknown) => void;
  readonly #tools: FlightTools;
  readonly #ended: () => void;
  readonly #answers: Answer[] = [];
  /** Statements that are being prepared, in order. */
  readonly #new: Statement[] = [];
  #rows: Row[] = [];
  #isOver = false;

  /** `ended`: called once, when everything was answered or the flight has failed. */
  constructor(asked: readonly Asked[], tools: FlightTools, ended: () => void) {
    this.asked = asked;
    this.#ended = ended;
    this.#tools = tools;
  }

  /** What cannot be written is not sent, and nothing beside it. */
  submit(connection: Connection): Error | null {
    const { writer, prepared } = this.#tools;
    try {
      for (const { statement, values } of this.asked) {
        if (!prepared.has(statement)) {
          writer.prepare(statement.name, statement.text);
          prepared.add(statement);
          this.#new.push(statement);
        }
        writer.run(statement.name, values, statement.lists);
      }
      writer.sync();
    } catch (error) {
      writer.clear();
      for (const statement of this.#new) prepared.delete(statement);
      return error instanceof Error ? error : new Error(String(error));
    }
    connection.stream.write(writer.take());
    return null;
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    const { parserOf } = this.#tools;
    this.#running?.describe(fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) })));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const statement = this.#running;
    if (statement !== undefined) this.#rows.push(statement.rowOf(fields));
  }

  handleCommandComplete({ text }: { text: string }): void {
    // `COMMIT`, `INSERT 0 5`, `UPDATE 5`.
    const [tag = ''] = text.split(' ', 1);
    this.#answers.push({ rows: this.#rows, tag, count: Number(/\d+$/.exec(text)?.[0] ?? 0) });
    this.#rows = [];
  }

  handleReadyForQuery(): void {
    for (const [index, { resolve, reject }] of this.asked.entries()) {
      const answer = this.#answers[index];
      if (answer === undefined) reject(new Error('the server did not answer a statement'));
      else resolve(answer);
    }
    this.#end(null);
  }

  handleError(error: unknown): void {
    // Whether the server came to prepare these is not known.
    for (const statement of this.#new) this.#tools.prepared.delete(statement);
    for (const [index, { resolve, reject }] of this.asked.entries()) {
      const answer = this.#answers[index];
      if (answer === undefined) reject(error);
      else resolve(answer);
    }
    this.#end(error);
  }

  #end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.callback?.(error);
    this.#ended();
  }

  get #running(): Statement | undefined {
    return this.asked[this.#answers.length]?.statement;
  }
}
