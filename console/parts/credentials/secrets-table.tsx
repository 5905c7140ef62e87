import { Badge } from '@mantine/core';
import type { Secret } from '../../../src/api/secrets.ts';
import { useTexts } from '../../texts/texts.ts';
import { Act } from '../act.tsx';
import { type Column, Rows } from '../list.tsx';
import { useMayAct } from '../may-act.ts';
import { Empty } from '../states.tsx';
import { Time } from '../time.tsx';
import { credentialTexts } from './texts.ts';
import { useFieldWords } from './words.ts';

export interface SecretsTableProps {
  provider: string;
  secrets: readonly Secret[];
  /** Where single ones can be ended; absent: they cannot. */
  rotatePath?: string;
}

/** What is kept of key material: fingerprints, and when certificates end. Never a secret. */
export function SecretsTable({ provider, secrets, rotatePath }: SecretsTableProps) {
  const say = useTexts(credentialTexts);
  const words = useFieldWords(provider);
  const mayAct = useMayAct();
  if (secrets.length === 0) return <Empty title={say('secrets.none')} />;
  const canAct = mayAct && rotatePath !== undefined;
  const columns: Column<Secret>[] = [
    {
      name: 'field',
      header: say('field'),
      cell: (row) => (
        <>
          {words(row.field).label}
          {row.name === null ? null : (
            <span className="mono" title={row.name}>
              {' '}
              {row.name.length > 16 ? `${row.name.slice(0, 7)}…${row.name.slice(-5)}` : row.name}
            </span>
          )}
        </>
      ),
    },
    { name: 'print', header: say('fingerprint'), cell: (row) => <span className="mono">{row.fingerprint}</span> },
    {
      name: 'kind',
      header: say('kind'),
      wide: true,
      cell: (row) => `${say(`kind.${row.kind}`)}${row.key === null ? '' : ` · ${row.key}`}`,
    },
    { name: 'ends', header: say('ends'), cell: (row) => <Ends at={row.expires_at} /> },
  ];
  const acts: Column<Secret> = {
    name: 'acts',
    header: '',
    align: 'right',
    cell: ({ field, fingerprint }) => (
      <Act
        label={say('drop')}
        text={say('drop.text', { field: words(field).label, fingerprint })}
        path={rotatePath ?? ''}
        body={{ drop: [fingerprint] }}
        danger
      />
    ),
  };
  return (
    <Rows
      rows={secrets}
      rowKey={({ field, name, fingerprint }) => `${field} ${name} ${fingerprint}`}
      columns={canAct ? [...columns, acts] : columns}
    />
  );
}

const soonMs = 30 * 86_400_000;

function Ends({ at }: { at: string | null }) {
  const say = useTexts(credentialTexts);
  const left = at === null ? Number.POSITIVE_INFINITY : Date.parse(at) - Date.now();
  if (at === null) return '—';
  return (
    <>
      <Time at={at} form="date" />{' '}
      {left < soonMs ? <Badge color={left < 0 ? 'red' : 'orange'}>{say(left < 0 ? 'expired' : 'soon')}</Badge> : null}
    </>
  );
}
