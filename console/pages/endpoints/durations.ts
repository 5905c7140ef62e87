const units = [
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** Seconds as people write them: `90s` is `90s`, `3600` is `1h`. */
export function durationText(seconds: number): string {
  const [unit, size] = units.find(([, size]) => seconds >= size && seconds % size === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}

/** What {@link durationText} writes, several with commas or spaces between; null where one of them is none. */
export function secondsIn(text: string): readonly number[] | null {
  const parts = text.split(/[\s,，、]+/).filter((part) => part !== '');
  const seconds = parts.map((part) => {
    const [, count, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(part.toLowerCase()) ?? [];
    const [, size] = units.find(([name]) => name === unit) ?? ['s', 1];
    return count === undefined ? Number.NaN : Number(count) * size;
  });
  return seconds.some(Number.isNaN) ? null : seconds;
}
