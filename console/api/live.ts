import { type QueryClient, queryOptions } from '@tanstack/react-query';

const beatMs = 1000;
/** A thing that is looked at, such as an order, is read again at once; lists and figures cost more, and change more. */
const gapMs = { thing: 1000, list: 3000, figure: 5000, busyFigure: 15_000 } as const;
/** Where so many events come in a beat, the figures of hours hardly change in seconds, and every viewer reads them. */
const busyEvents = 3;
const figures: readonly string[] = ['/v1/funnel', '/v1/latency', '/v1/backlog'];
/** How often what is shown is read again: `told` where the stream tells of changes, and this is only the safety net. */
export const intervalMs = { polled: 5000, told: 30_000 } as const;
const patienceMs = 30_000;

const kinds = ['callback', 'fact', 'notification', 'attempt', 'discrepancy'] as const;
type Kind = (typeof kinds)[number];

/** The paths that an event of a kind concerns, and the fields of its data that name the one thing behind each. */
const concerns: Readonly<Record<Kind, readonly (readonly [path: string, thing?: string])[]>> = {
  callback: [['/v1/callbacks', 'id'], ['/v1/funnel'], ['/v1/latency'], ['/v1/backlog']],
  fact: [['/v1/orders', 'order_no'], ['/v1/callbacks', 'callback'], ['/v1/backlog']],
  notification: [
    ['/v1/orders', 'order_no'],
    ['/v1/deliveries'],
    ['/v1/notifications'],
    ['/v1/funnel'],
    ['/v1/backlog'],
  ],
  attempt: [
    ['/v1/deliveries', 'delivery'],
    ['/v1/orders', 'order_no'],
    ['/v1/endpoints', 'endpoint'],
    ['/v1/funnel'],
    ['/v1/latency'],
    ['/v1/backlog'],
  ],
  discrepancy: [['/v1/discrepancies', 'id'], ['/v1/orders', 'order_no'], ['/v1/backlog']],
};
const toldPaths = new Set(Object.values(concerns).flatMap((paths) => paths.map(([path]) => path)));

interface Cached {
  queryKey: readonly unknown[];
  state: { data: unknown };
}

/** Whether the stream is open. Kept beside what is read, so that whatever shows it follows. */
export const liveQuery = queryOptions({
  queryKey: ['live'],
  queryFn: () => false,
  initialData: false,
  enabled: false,
  staleTime: Number.POSITIVE_INFINITY,
});

/** How long until a query is read again by itself; a list of which more than one page was read stays as it is. */
export function intervalOf(client: QueryClient, query: Cached): number | false {
  if (isLong(query.state.data)) return false;
  return isTold(pathOf(query)) && client.getQueryData(liveQuery.queryKey) ? intervalMs.told : intervalMs.polled;
}

/**
 * Follows the server's stream, and has read again what it says has changed, each query at most once in its gap. While nobody looks
 * it is closed: browsers allow few connections to one server. Returns what ends it.
 */
export function follow(client: QueryClient): () => void {
  const touched = new Set<string>();
  let source: EventSource | null = null;
  let retryAt = 0;
  let events = 0;
  /** Events in a beat, of late. */
  let pace = 0;
  const setLive = (isLive: boolean) => client.setQueryData(liveQuery.queryKey, isLive);
  const touchAll = () => {
    for (const path of toldPaths) touched.add(path).add(`${path}/`);
  };

  const open = () => {
    source = new EventSource('/v1/stream');
    source.addEventListener('open', () => {
      setLive(true);
      // What happened between the reading of the page and now was not told.
      touchAll();
    });
    source.addEventListener('error', () => {
      setLive(false);
      // The browser comes back by itself, except after a refusal: too many viewers, or a session that ended.
      if (source?.readyState === EventSource.CLOSED) retryAt = Date.now() + patienceMs;
    });
    source.addEventListener('reset', touchAll);
    for (const kind of kinds) {
      source.addEventListener(kind, ({ data }) => {
        events += 1;
        for (const topic of topicsOf(kind, data)) touched.add(topic);
      });
    }
  };
  const close = () => {
    source?.close();
    source = null;
    setLive(false);
  };
  const beat = () => {
    if (document.hidden) return close();
    if (source === null || (source.readyState === EventSource.CLOSED && Date.now() >= retryAt)) open();
    pace = 0.9 * pace + 0.1 * events;
    events = 0;
    readAgain(client, touched, pace >= busyEvents);
  };
  const timer = window.setInterval(beat, beatMs);
  document.addEventListener('visibilitychange', beat);
  beat();
  return () => {
    window.clearInterval(timer);
    document.removeEventListener('visibilitychange', beat);
    close();
  };
}

/** What is on the screen, was touched, and is old enough. The rest of what was touched waits for its gap to end. */
function readAgain(client: QueryClient, touched: Set<string>, isBusy: boolean): void {
  if (touched.size === 0) return;
  const waiting = new Set<string>();
  for (const query of client.getQueryCache().findAll({ type: 'active' })) {
    const path = pathOf(query);
    const [, , collection = '', thing] = path.split('/');
    const own = thing === undefined ? [path] : [path, `/v1/${collection}/`, `/v1/${collection}/${thing}`];
    const topics = own.filter((topic) => touched.has(topic));
    if (topics.length === 0 || isLong(query.state.data)) continue;
    const figure = isBusy ? 'busyFigure' : 'figure';
    const gap = gapMs[thing !== undefined ? 'thing' : figures.includes(path) ? figure : 'list'];
    const isReady = query.state.fetchStatus === 'idle' && Date.now() - query.state.dataUpdatedAt >= gap;
    if (isReady) void client.invalidateQueries({ queryKey: query.queryKey, exact: true });
    else for (const topic of topics) waiting.add(topic);
  }
  touched.clear();
  for (const topic of waiting) touched.add(topic);
}

/** The lists and figures of an event, and the things it names. */
function topicsOf(kind: Kind, data: string): string[] {
  const named: Readonly<Record<string, unknown>> = JSON.parse(data);
  return concerns[kind].flatMap(([path, field]) => {
    const thing = field === undefined ? null : named[field];
    return typeof thing === 'string' ? [path, `${path}/${encodeURIComponent(thing)}`] : [path];
  });
}

function pathOf({ queryKey }: Pick<Cached, 'queryKey'>): string {
  return String(queryKey[0]);
}

/** Paths below count as their collection: `/v1/orders/A-1/timeline` is of `/v1/orders`. */
function isTold(path: string): boolean {
  return toldPaths.has(path.split('/', 3).join('/'));
}

function isLong(data: unknown): boolean {
  return (
    typeof data === 'object' && data !== null && 'pages' in data && Array.isArray(data.pages) && data.pages.length > 1
  );
}
