import { useLanguage } from '../../texts/texts.ts';

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** A size as people read it. */
export function useBytes(): (bytes: number) => string {
  const { tag } = useLanguage();
  return (bytes) => {
    const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
    const format = { style: 'unit', unitDisplay: 'short', maximumSignificantDigits: 3 } as const;
    const unit = units[power] ?? 'byte';
    return new Intl.NumberFormat(tag, { ...format, unit }).format(bytes / 1000 ** power);
  };
}
