import { useLanguage } from '../texts/texts.ts';

const units = [
  ['days', 86_400],
  ['hours', 3600],
  ['minutes', 60],
  ['seconds', 1],
] as const;

/** How long something takes or took, in its two largest units: `2 h 5 min`. */
export function useDuration(): (seconds: number) => string {
  const { tag } = useLanguage();
  return (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    const first = units.findIndex(([, size]) => whole >= size);
    if (first === -1)
      return new Intl.DurationFormat(tag, { style: 'short', secondsDisplay: 'always' }).format({ seconds: 0 });
    const parts: Record<string, number> = {};
    let left = whole;
    for (const [name, size] of units.slice(first, first + 2)) {
      parts[name] = Math.floor(left / size);
      left %= size;
    }
    return new Intl.DurationFormat(tag, { style: 'short' }).format(parts);
  };
}

/** From one moment to another, or to now. */
export function Lasting({ from, to }: { from: string; to: string | null }) {
  const duration = useDuration();
  const end = to === null ? Date.now() : Date.parse(to);
  return <span className="numbers">{duration((end - Date.parse(from)) / 1000)}</span>;
}
