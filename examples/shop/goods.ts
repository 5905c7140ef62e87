/** What the shop sells. Prices in fen; pictures are lines of SVG on 48 × 48, so that no font has to have them. */
export const goods = [
  {
    id: 'tea',
    priceMinor: 8800n,
    stock: 40,
    names: { en: 'Spring tea, 100 g', zh: '明前春茶 100 克' },
    about: { en: 'First harvest from Hangzhou', zh: '杭州头采' },
    picture:
      'M8 20h28v8a12 12 0 0 1-12 12h-4A12 12 0 0 1 8 28zM36 22h3a5 5 0 0 1 0 10h-4M16 14q-3-3 0-6M24 14q-3-3 0-6',
  },
  {
    id: 'cup',
    priceMinor: 12_900n,
    stock: 25,
    names: { en: 'Celadon cup', zh: '青瓷茶杯' },
    about: { en: 'Fired twice, glazed by hand', zh: '二次烧制，手工上釉' },
    picture: 'M12 12h24l-3 24a4 4 0 0 1-4 4H19a4 4 0 0 1-4-4zM13 20h22',
  },
  {
    id: 'book',
    priceMinor: 4_550n,
    stock: 60,
    names: { en: 'A book about tea', zh: '茶书一本' },
    about: { en: '212 pages, with maps', zh: '212 页，附地图' },
    picture: 'M24 14q-6-4-16-4v26q10 0 16 4 6-4 16-4V10q-10 0-16 4zM24 14v26',
  },
  {
    id: 'box',
    priceMinor: 1n,
    stock: 500,
    names: { en: 'Postcard', zh: '明信片' },
    about: { en: 'The cheapest thing here: one fen', zh: '本店最便宜：一分钱' },
    picture: 'M6 12h36v26H6zM6 14l18 14 18-14',
  },
] as const;

export type Good = (typeof goods)[number];

export function goodOf(id: string): Good | null {
  return goods.find((good) => good.id === id) ?? null;
}
