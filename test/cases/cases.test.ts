import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chineseOf } from '../../console/texts/sentences/chinese.ts';
import { openStreet, Shop, type Street } from './shop.ts';
import type { Case } from './words.ts';

const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.case.ts'));
const cases = await Promise.all(
  files.map(async (file) => {
    const { story }: { story: Case } = await import(new URL(file, import.meta.url).href);
    return [file.replace('.case.ts', ''), story.says, story] as const;
  }),
);

let street: Street;
beforeAll(async () => {
  street = await openStreet();
});
afterAll(() => street.stop());

describe('the cases of the field', () => {
  it.each(cases)('%s: %s', async (name, _says, story) => {
    const shop = await Shop.open(street, story, name);
    try {
      for (const step of story.does) await shop.take(step);
      const given = await shop.seen();
      const { order, timeline = [], ...rest } = story.gives;
      expect(given).toMatchObject(rest);
      expect(given.order).toMatchObject(order ?? { code: 'order.unknown' });
      expect(given.timeline.map(({ what, text }) => `${what}: ${text}`)).toEqual(
        expect.arrayContaining(timeline.map((part) => expect.stringContaining(part))),
      );
      expect(given.timeline.filter(({ why }) => why === '')).toEqual([]);
      expect(given.whys.filter((why) => chineseOf(why) === null)).toEqual([]);
      if (story.once) return;
      // Providers send again what was answered; nothing may come of it.
      await shop.again();
      const { answers: _answers, verdicts: _verdicts, timeline: _timeline, whys: _whys, ...after } = await shop.seen();
      const { answers: _1, verdicts: _2, timeline: _3, whys: _4, ...before } = given;
      expect(withoutLooks(after)).toEqual(withoutLooks(before));
    } finally {
      shop.close();
    }
  });

  it('are many: every row of the tables has one', () => {
    expect(cases.length).toBeGreaterThan(40);
  });
});

/** A copy of a fact is another sighting of it, and the order was looked at again, a moment later. */
function withoutLooks(given: object): unknown {
  const ofLooks = ['sightings', 'updated_at', 'age_seconds'];
  return JSON.parse(JSON.stringify(given, (name, value) => (ofLooks.includes(name) ? undefined : value)));
}
