import { useQuery } from '@tanstack/react-query';
import { type Page, readQuery } from '../api/queries.ts';
import { LinkButton } from './link.tsx';
import { type Column, Rows } from './list.tsx';
import { Section } from './page.tsx';
import type { Search } from './search.ts';
import { Empty, Loaded } from './states.tsx';

interface RecentProps<T> {
  title: string;
  /** The words that lead to all of them. */
  all: string;
  /** The page that lists them all, and the API's path; `filter` narrows both. */
  to: string;
  path: string;
  filter: Search;
  limit: number;
  columns: readonly Column<T>[];
  none: { title: string; text: string };
}

/** The newest of a list that belongs to one thing. */
export function Recent<T extends { id: string }>(props: RecentProps<T>) {
  const { title, all, to, path, filter, limit, columns, none } = props;
  const query = useQuery(readQuery<Page<T>>(path, { ...filter, limit }));
  return (
    <Section
      title={title}
      flush
      actions={
        <LinkButton to={to} search={filter} variant="subtle">
          {all}
        </LinkButton>
      }
    >
      <Loaded query={query} lines={3}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={none.title}>{none.text}</Empty>
          ) : (
            <Rows rows={data} rowKey={({ id }) => id} columns={columns} />
          )
        }
      </Loaded>
    </Section>
  );
}
