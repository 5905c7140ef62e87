import { Button, Center, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useRef } from 'react';
import { type CallError, call, type Query } from '../api/call.ts';
import type { Page } from '../api/queries.ts';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import classes from './list.module.css';
import { Section } from './page.tsx';
import { Empty, Failure, Loading } from './states.tsx';

/** One column. The first one that links makes the row's link; `wide` hides it where there is little room. */
export interface Column<T> {
  name: string;
  header: string;
  cell: (row: T) => ReactNode;
  align?: 'left' | 'right';
  wide?: boolean;
}

interface ListProps<T> {
  path: string;
  /** Sent with every page; a change begins anew. */
  query?: Query;
  /** Sent as well, but nothing that a person chose. */
  fixed?: Query;
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  /** Where a click on a row leads; the first column should hold the same as a link, for the keyboard. */
  rowHref?: (row: T) => string;
  /** Shown where there is nothing at all; where `query` leaves nothing, the list says so itself. */
  empty?: ReactNode;
}

const rowHeight = 41;
const pageRows = 100;

/** A list of the API, page by page as it is scrolled; only the rows in sight are in the page. */
export function List<T>({ path, query = {}, fixed = {}, columns, rowKey, rowHref, empty }: ListProps<T>) {
  const say = useTexts(commonTexts);
  const pages = useInfiniteQuery<Page<T>, CallError, { pages: Page<T>[] }, readonly unknown[], string | null>({
    queryKey: [path, 'list', query, fixed],
    queryFn: ({ pageParam, signal }) =>
      call<Page<T>>('GET', path, { query: { ...query, ...fixed, limit: pageRows, cursor: pageParam }, signal }),
    initialPageParam: null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const rows = pages.data?.pages.flatMap(({ data }) => data) ?? [];
  if (pages.data === undefined) {
    return <Section flush>{pages.error === null ? <Loading lines={10} /> : <Failure error={pages.error} />}</Section>;
  }
  if (rows.length === 0) {
    const isFiltered = Object.values(query).some((value) => value !== undefined);
    return <Section flush>{isFiltered ? <Empty title={say('emptyFiltered')} /> : (empty ?? <Empty />)}</Section>;
  }
  return (
    <Section flush>
      <Rows rows={rows} columns={columns} rowKey={rowKey} {...(rowHref === undefined ? {} : { rowHref })} />
      <More
        shown={rows.length}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetchingNextPage}
        load={() => void pages.fetchNextPage()}
      />
    </Section>
  );
}

type RowsProps<T> = Pick<ListProps<T>, 'columns' | 'rowKey' | 'rowHref'> & { rows: readonly T[] };

/** A table of rows that are all known; long ones cost only what is in sight. */
export function Rows<T>({ rows, columns, rowKey, rowHref }: RowsProps<T>) {
  const navigate = useNavigate();
  const body = useRef<HTMLTableSectionElement>(null);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 20,
    scrollMargin: body.current?.offsetTop ?? 0,
  });
  const items = virtual.getVirtualItems();
  const before = Math.max(0, (items[0]?.start ?? 0) - virtual.options.scrollMargin);
  const after = Math.max(0, virtual.getTotalSize() - before - items.length * rowHeight);
  return (
    // It scrolls where there is little room, so the keyboard must reach it.
    <Table.ScrollContainer minWidth={480} type="native" tabIndex={0}>
      <Table
        highlightOnHover
        verticalSpacing={9}
        horizontalSpacing="md"
        className={classes.table ?? ''}
        aria-rowcount={rows.length}
      >
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column.name} scope="col" {...placing(column)}>
                {column.header}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody ref={body}>
          <Gap height={before} columns={columns.length} />
          {items.map(({ index }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const open = rowHref === undefined ? null : () => void navigate({ href: rowHref(row) });
            return (
              <Table.Tr
                key={rowKey(row)}
                {...(open === null
                  ? {}
                  : { className: classes.opens ?? '', onClick: (event) => isPlain(event) && open() })}
              >
                {columns.map((column) => (
                  <Table.Td key={column.name} {...placing(column)}>
                    {column.cell(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            );
          })}
          <Gap height={after} columns={columns.length} />
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** A click on something in the row that acts by itself, or a text being selected, does not open the row. */
function isPlain(event: React.MouseEvent): boolean {
  const isOwn = event.target instanceof Element && event.target.closest('a, button, input, label') !== null;
  return !isOwn && (window.getSelection()?.isCollapsed ?? true);
}

function placing<T>({ align = 'left', wide = false }: Column<T>) {
  return { ta: align, className: wide ? (classes.wide ?? '') : '' } as const;
}

function Gap({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={columns} style={{ height, padding: 0 }} />
    </tr>
  );
}

/** Loads the next page when its end comes into sight, and has a button for those who do not scroll. */
function More(props: { shown: number; hasMore: boolean; isLoading: boolean; load: () => void }) {
  const { shown, hasMore, isLoading, load } = props;
  const say = useTexts(commonTexts);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!hasMore || isLoading || end.current === null) return;
    const sight = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), { rootMargin: '600px' });
    sight.observe(end.current);
    return () => sight.disconnect();
  }, [hasMore, isLoading, load]);
  return (
    <Center ref={end} p="xs" className={classes.end ?? ''}>
      {hasMore ? (
        <Button variant="subtle" size="xs" loading={isLoading} onClick={load}>
          {say('more')}
        </Button>
      ) : (
        <Text size="xs" c="var(--soft)">
          {say('end', { count: shown })}
        </Text>
      )}
    </Center>
  );
}
