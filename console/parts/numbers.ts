import { useLanguage } from '../texts/texts.ts';

export function useCount(): (count: number) => string {
  const { tag } = useLanguage();
  const format = new Intl.NumberFormat(tag);
  return (count) => format.format(count);
}

/** How long something took, as machines do: `12 ms`, `1.5 s`. */
export function useMilliseconds(): (ms: number) => string {
  const { tag } = useLanguage();
  return (ms) => {
    const format = { style: 'unit', unitDisplay: 'short', maximumSignificantDigits: 3 } as const;
    const [amount, unit] = ms < 1000 ? [ms, 'millisecond'] : [ms / 1000, 'second'];
    return new Intl.NumberFormat(tag, { ...format, unit }).format(amount);
  };
}

const units = ['kilobyte', 'megabyte', 'gigabyte'] as const;

/** A size as people read it. */
export function useBytes(): (bytes: number) => string {
  const { tag } = useLanguage();
  return (bytes) => {
    const power = bytes < 1e6 ? 1 : bytes < 1e9 ? 2 : 3;
    const format = { style: 'unit', unitDisplay: 'short', maximumSignificantDigits: 3 } as const;
    const unit = units[power - 1] ?? 'kilobyte';
    return new Intl.NumberFormat(tag, { ...format, unit }).format(bytes / 1000 ** power);
  };
}
