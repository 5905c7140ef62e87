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
