import { Group, Select, Switch, Table, Text } from '@mantine/core';
import { useState } from 'react';
import type { Attempt } from '../../../src/api/deliveries.ts';
import { Section } from '../../parts/page.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { useWord } from '../../texts/words.ts';
import classes from './compare-attempts.module.css';
import { type Compared, comparedHeaders, differenceOf } from './compared.ts';
import { deliveriesTexts } from './texts.ts';

/** Two tries beside each other: why one was taken and the other was not. */
export function CompareAttempts({ attempts }: { attempts: readonly Attempt[] }) {
  const say = useTexts(deliveriesTexts);
  const [chosen, setChosen] = useState<readonly [string | null, string | null]>([null, null]);
  const [isAll, setIsAll] = useState(false);
  const left = attempts.find(({ id }) => id === chosen[0]) ?? attempts[0];
  const right = attempts.find(({ id }) => id === chosen[1]) ?? attempts.at(-1);
  const data = attempts.map(({ id, number }) => ({ value: id, label: say('attempt', { number }) }));
  if (left === undefined || right === undefined) return null;
  return (
    <Section title={say('compare')}>
      <Group gap="sm" align="flex-end" mb="sm">
        <Select
          label={say('compare.left')}
          data={data}
          value={left.id}
          onChange={(id) => setChosen([id, right.id])}
          allowDeselect={false}
          w={160}
        />
        <Select
          label={say('compare.right')}
          data={data}
          value={right.id}
          onChange={(id) => setChosen([left.id, id])}
          allowDeselect={false}
          w={160}
        />
        <Switch
          label={say('compare.all')}
          checked={isAll}
          onChange={(event) => setIsAll(event.currentTarget.checked)}
          mb={8}
        />
      </Group>
      <Comparison left={left} right={right} isAll={isAll} />
    </Section>
  );
}

function Comparison({ left, right, isAll }: { left: Attempt; right: Attempt; isAll: boolean }) {
  const say = useTexts(deliveriesTexts);
  const lines = useLines(left, right).filter((line) => isAll || line.left !== line.right);
  if (lines.length === 0) return <Text c="var(--soft)">{say('compare.same')}</Text>;
  return (
    <Table.ScrollContainer minWidth={560} type="native" tabIndex={0} aria-label={say('compare')}>
      <Table className={classes.table ?? ''} layout="fixed" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" w={180}>
              {say('compare.what')}
            </Table.Th>
            <Table.Th scope="col">{say('attempt', { number: left.number })}</Table.Th>
            <Table.Th scope="col">{say('attempt', { number: right.number })}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line) => (
            <Table.Tr key={line.name} data-differs={line.left !== line.right || undefined}>
              <Table.Th scope="row">{line.name}</Table.Th>
              <Side text={line.left} other={line.right} />
              <Side text={line.right} other={line.left} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** A value, with the part that the other side has not marked. */
function Side({ text, other }: { text: string | null; other: string | null }) {
  const say = useTexts(deliveriesTexts);
  if (text === null) return <Table.Td className={classes.absent ?? ''}>{say('compare.absent')}</Table.Td>;
  const { before, differs, after } = differenceOf(text, other ?? '');
  return (
    <Table.Td className={`${classes.value} mono`}>
      {before}
      {differs === '' ? null : <mark className={classes.mark}>{differs}</mark>}
      {after}
    </Table.Td>
  );
}

function useLines(left: Attempt, right: Attempt): readonly Compared[] {
  const say = useTexts(deliveriesTexts);
  const word = useWord();
  const sentence = useSentence();
  const both = (name: string, of: (attempt: Attempt) => string | number | null | undefined): Compared => {
    const [one, other] = [of(left) ?? null, of(right) ?? null];
    return { name, left: one === null ? null : String(one), right: other === null ? null : String(other) };
  };
  return [
    both(say('compare.step'), ({ step }) => word('step', step)),
    both(say('compare.status'), ({ status }) => status),
    both(say('compare.took'), ({ duration_ms }) => `${Math.round(duration_ms)} ms`),
    both(say('compare.error'), ({ error }) => error && sentence(error)),
    both(say('compare.peer'), ({ peer }) => peer),
    ...comparedHeaders(say('compare.sent'), left.request?.headers, right.request?.headers),
    both(say('compare.sentBody'), ({ request }) => request?.body_sha256),
    ...comparedHeaders(say('compare.answered'), left.response?.headers, right.response?.headers),
    both(say('compare.answeredBody'), ({ response }) => response?.body),
  ];
}
