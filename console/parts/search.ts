import { useNavigate, useSearch } from '@tanstack/react-router';

/** What stands behind the `?` of the address, by name. */
export type Search = Readonly<Record<string, string>>;

/** Filters and ranges live in the address, so that a view can be kept and sent; '' takes one out. */
export function useSearchState(): [Search, (change: Search) => void] {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (next: Search) => {
    const merged = Object.entries({ ...search, ...next }).filter(([, value]) => value !== '');
    void navigate({ to: '.', search: Object.fromEntries(merged), replace: true });
  };
  return [search, change];
}

/** The days in the address as times for the API: from the beginning of the first to the end of the last, in the viewer's zone. */
export function timesOfDays({ from, to }: Search): { from: string | undefined; to: string | undefined } {
  return { from: beginOf(from, 0), to: beginOf(to, 1) };
}

function beginOf(day: string | undefined, daysLater: number): string | undefined {
  const at = new Date(`${day}T00:00`);
  if (Number.isNaN(at.getTime())) return undefined;
  at.setDate(at.getDate() + daysLater);
  return at.toISOString();
}
