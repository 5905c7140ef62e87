/** What the shop sells. Prices in fen. */
export const goods = [
  {
    id: 'tea',
    priceMinor: 8800n,
    stock: 40,
    names: { en: 'Spring tea, 100 g', zh: '明前春茶 100 克' },
    about: { en: 'First harvest from Hangzhou', zh: '杭州头采' },
    picture: '🍵',
  },
  {
    id: 'cup',
    priceMinor: 12_900n,
    stock: 25,
    names: { en: 'Celadon cup', zh: '青瓷茶杯' },
    about: { en: 'Fired twice, glazed by hand', zh: '二次烧制，手工上釉' },
    picture: '🍶',
  },
  {
    id: 'book',
    priceMinor: 4_550n,
    stock: 60,
    names: { en: 'A book about tea', zh: '茶书一本' },
    about: { en: '212 pages, with maps', zh: '212 页，附地图' },
    picture: '📗',
  },
  {
    id: 'box',
    priceMinor: 1n,
    stock: 500,
    names: { en: 'Postcard', zh: '明信片' },
    about: { en: 'The cheapest thing here: one fen', zh: '本店最便宜：一分钱' },
    picture: '💌',
  },
] as const;

export type Good = (typeof goods)[number];

export function goodOf(id: string): Good | null {
  return goods.find((good) => good.id === id) ?? null;
}
