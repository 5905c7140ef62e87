import { isOrderNo } from '../../domain/ids.ts';
import { malformed } from '../primitives/lines.ts';
import { signedFromDecimal } from '../primitives/money.ts';
import { shown } from '../primitives/refusal.ts';

/** The titles of a bill's columns: platforms add columns and move them, so each is found by its title. */
export class Titles {
  readonly #titles: readonly string[];
  readonly #line: number;

  /** @throws AppError `statement.malformed` for a title that comes twice. */
  constructor(titles: readonly string[], line: number) {
    const twice = titles.find((title, index) => title !== '' && titles.indexOf(title) !== index);
    if (twice !== undefined) throw malformed(line, `two columns are called ${shown(twice)}`);
    this.#titles = titles;
    this.#line = line;
  }

  /**
   * Where a column stands.
   *
   * @throws AppError `statement.malformed` where the bill does not have it.
   */
  place(title: string): number {
    const place = this.find(title);
    if (place === -1) throw malformed(this.#line, `there is no column ${title}`);
    return place;
  }

  /** Where the first of these columns that the bill has stands; -1 for none. */
  find(...titles: readonly string[]): number {
    return titles.map((title) => this.#titles.indexOf(title)).find((place) => place !== -1) ?? -1;
  }
}

/** One row of a bill, whose cells are read by where they stand; a column that the bill does not have reads as empty. */
export class Row {
  readonly line: number;
  readonly cells: readonly string[];

  constructor(line: number, cells: readonly string[]) {
    this.line = line;
    this.cells = cells;
  }

  text(place: number): string {
    return this.cells[place] ?? '';
  }

  /**
   * An id of the platform, or null where the cell is empty.
   *
   * @throws AppError `statement.malformed` for what a spreadsheet has made of a long number: its digits are lost.
   */
  id(place: number): string | null {
    const text = this.text(place);
    if (/^\d(?:\.\d+)?E\+\d+$/i.test(text))
      throw this.malformed(`${shown(text)} was rounded by a spreadsheet; send the file as the platform gave it`);
    return text === '' ? null : text;
  }

  /** As {@link id}, where there must be one. */
  requiredId(place: number, title: string): string {
    const id = this.id(place);
    if (id === null) throw this.malformed(`no ${title}`);
    return id;
  }

  /** The merchant's own order number; null where the cell holds none. */
  orderNo(place: number): string | null {
    const id = this.id(place);
    return id !== null && isOrderNo(id) ? id : null;
  }

  /**
   * A decimal amount in minor units, negative ones included.
   *
   * @throws AppError `statement.malformed` for anything else.
   */
  amount(place: number, currency: string): bigint {
    const text = this.text(place);
    const amount = signedFromDecimal(text, currency);
    if (amount === null) throw this.malformed(`${shown(text) || 'nothing'} is no amount of ${shown(currency)}`);
    return amount;
  }

  /** As {@link amount}, where an empty cell is 0. */
  amountOrZero(place: number, currency: string): bigint {
    return this.text(place) === '' ? 0n : this.amount(place, currency);
  }

  malformed(why: string): Error {
    return malformed(this.line, why);
  }
}
