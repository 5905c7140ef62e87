import { Box, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ActionRow } from '../../../src/api/actions.ts';
import { accountsQuery, keysQuery } from '../../api/all-of.ts';
import { addressOf, segment } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { useActor } from '../../parts/actor.ts';
import { type Filter, Filters } from '../../parts/filters.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Page } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { Empty } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord, wordsOf } from '../../texts/words.ts';
import classes from './actions.module.css';
import { actionsTexts } from './texts.ts';

const hourMs = 3_600_000;
const ranges = { '24h': 24 * hourMs, '7d': 168 * hourMs, '30d': 720 * hourMs } as const;
const rangeNames = ['24h', '7d', '30d'] as const;

/** Who did what, when and why. */
export function ActionsPage() {
  const say = useTexts(actionsTexts);
  const inWords = useAction();
  const { data: accounts } = useQuery(accountsQuery);
  const named = (note: string | null) =>
    note?.replace(/\bacc_\w+/g, (id) => accounts?.find((one) => one.id === id)?.name ?? id) ?? null;
  const filters = useFilters();
  const [{ by, what, merchant, subject, since }] = useSearchState();
  const columns: Column<ActionRow>[] = [
    { name: 'at', header: say('at'), cell: ({ at }) => <Time at={at} /> },
    { name: 'what', header: say('what'), cell: ({ what: done }) => inWords(done) },
    { name: 'by', header: say('by'), cell: ({ by: who }) => <By who={who} /> },
    { name: 'subject', header: say('subject'), wide: true, cell: (row) => <Subject row={row} /> },
    { name: 'merchant', header: say('merchant'), wide: true, cell: (row) => row.merchant },
    { name: 'note', header: say('note'), wide: true, cell: ({ note }) => <Note note={named(note)} /> },
  ];
  return (
    <Page title={say('title')} lead={say('lead')}>
      <Filters filters={filters} />
      <List
        path="/v1/actions"
        query={{ by, what, merchant, subject, from: fromOf(since) }}
        columns={columns}
        rowKey={({ at, what: done, subject: about, note }) => [at, done, about, note].join(' ')}
        empty={<Empty title={say('empty.title')}>{say('empty')}</Empty>}
      />
    </Page>
  );
}

function useFilters(): Filter[] {
  const say = useTexts(actionsTexts);
  const word = useWord();
  const inWords = useAction();
  const { data: session } = useQuery(sessionQuery);
  const { data: keys } = useQuery({ ...keysQuery, enabled: session?.role === 'admin' });
  const actor = useActor();
  const [{ by }] = useSearchState();
  const listed = [
    ...wordsOf('actor').map((value) => ({ value, label: word('actor', value) })),
    ...(keys ?? []).map(({ id, name }) => ({ value: id, label: name })),
  ];
  // Nothing lists the people of the identity provider, nor the keys that are removed: rows lead to them.
  const isListed = by === undefined || listed.some(({ value }) => value === by);
  const people = isListed ? listed : [...listed, { value: by, label: actor(by) }];
  const since = rangeNames.map((value) => ({ value, label: say(`range.${value}`) }));
  return [
    { kind: 'choice', name: 'by', label: say('by'), choices: people, width: 220 },
    {
      kind: 'choice',
      name: 'what',
      label: say('what'),
      choices: knownActions.map((value) => ({ value, label: inWords(value) })),
    },
    { kind: 'choice', name: 'since', label: say('range'), choices: since },
    { kind: 'text', name: 'merchant', label: say('merchant'), width: 160 },
    { kind: 'text', name: 'subject', label: say('subject'), placeholder: 'end_…' },
  ];
}

/** Leads to what else they did. */
function By({ who }: { who: string }) {
  const actor = useActor();
  const [search] = useSearchState();
  return <InnerLink href={addressOf('/actions', { ...search, by: who })}>{actor(who)}</InnerLink>;
}

/** Up to the hour, so that the list is the same one for a while. */
function fromOf(since: string | undefined): string | undefined {
  const name = rangeNames.find((one) => one === since);
  if (name === undefined) return undefined;
  return new Date(Math.floor((Date.now() - ranges[name]) / hourMs) * hourMs).toISOString();
}

type ActionKey = Extract<keyof typeof actionsTexts.en, `what.${string}`>;
const knownActions = Object.keys(actionsTexts.en).flatMap((key) =>
  key.startsWith('what.') ? [key.slice('what.'.length)] : [],
);

function useAction(): (what: string) => string {
  const say = useTexts(actionsTexts);
  return (what) => {
    const key = `what.${what}`;
    return isKnown(key) ? say(key) : what;
  };
}

function isKnown(key: string): key is ActionKey {
  return Object.hasOwn(actionsTexts.en, key);
}

/** Where things of a kind are, by how their ids begin. */
const places: Readonly<Record<string, string>> = {
  acc: '/accounts',
  cbk: '/callbacks',
  dlv: '/deliveries',
  end: '/endpoints',
  mer: '/merchants',
  rec: '/reconciliations',
  rpl: '/replays',
};

function Subject({ row: { subject, merchant } }: { row: ActionRow }) {
  if (subject === merchant) return <InnerLink href={`/merchants/${segment(merchant)}`}>{merchant}</InnerLink>;
  const [kind = '', id] = subject.split('_');
  const place = id === undefined ? undefined : places[kind];
  if (place === undefined) return <Identifier text={subject} short />;
  return (
    <span title={subject}>
      <InnerLink href={`${place}/${segment(subject)}`}>
        <span className="mono">{subject.length > 20 ? `${subject.slice(0, 8)}…${subject.slice(-6)}` : subject}</span>
      </InnerLink>
    </span>
  );
}

/** Its beginning in the row; the whole for whoever points at it, or reaches it by the keyboard. */
function Note({ note }: { note: string | null }) {
  if (note === null) return null;
  return (
    <Tooltip label={note} multiline maw={480} events={{ hover: true, focus: true, touch: true }}>
      {/* What is cut off must be reached by the keyboard. */}
      <Box component="span" className={classes.note ?? ''} tabIndex={0}>
        {note}
      </Box>
    </Tooltip>
  );
}
