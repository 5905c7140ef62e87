import { Alert, Box, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { CauseName, DiagnosisAnswer } from '../../src/api/verify.ts';
import { causesInChinese, diagnosisTexts } from '../texts/diagnosis.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';
import { useSentence } from '../texts/use-sentence.ts';
import classes from './diagnosis.module.css';
import { Raw } from './raw.tsx';

/** What would become of a request, why, and what to do about it. */
export function DiagnosisView({ diagnosis }: { diagnosis: DiagnosisAnswer }) {
  const say = useTexts(diagnosisTexts);
  const sentence = useSentence();
  const { accepted, code, why, facts, signed_text: signed, tried } = diagnosis;
  const { language } = useLanguage();
  const named = (cause: string) =>
    language === 'zh' && isCause(cause) ? causesInChinese[cause][0] : cause.replaceAll('_', ' ');
  const Icon = accepted ? IconCircleCheck : IconCircleX;
  return (
    <Stack gap="md" role="status">
      <Alert
        color={accepted ? 'green' : 'red'}
        variant="light"
        icon={<Icon size={18} />}
        title={say(accepted ? 'accepted' : 'refused')}
      >
        <Text size="sm">{sentence(why)}</Text>
        {code === null ? null : (
          <Text size="xs" className="mono">
            {code}
          </Text>
        )}
      </Alert>
      {facts.length === 0 ? null : <Lines title={say('told')} lines={facts.map(sentence)} />}
      {accepted ? null : (
        <>
          <CauseView cause={diagnosis.cause} />
          <DifferenceView difference={diagnosis.difference} />
          {tried.length === 0 ? null : (
            <Lines
              title={say('tried')}
              lines={tried.map(({ cause, attempts, fits }) =>
                say(fits ? 'fits' : 'fitsNot', { cause: named(cause), attempts }),
              )}
            />
          )}
          {signed === null ? null : <Raw title={say('signed')} text={signed} />}
        </>
      )}
    </Stack>
  );
}

function CauseView({ cause }: Pick<DiagnosisAnswer, 'cause'>) {
  const say = useTexts(diagnosisTexts);
  const sentence = useSentence();
  const { language } = useLanguage();
  if (cause === null) return <Answers items={[[say('cause'), say('noCause')]]} />;
  const what = sentence(cause.what);
  const next = language === 'zh' && isCause(cause.name) ? causesInChinese[cause.name][1] : cause.next;
  return (
    <Answers
      items={[
        [say('cause'), cause.proven ? what : say('unproven', { what })],
        [say('next'), next],
        [say('account'), cause.account],
        [say('remaining'), cause.remaining === null ? null : sentence(cause.remaining)],
      ]}
    />
  );
}

/** Sentences under their names; those of null are left out. */
function Answers({ items }: { items: readonly (readonly [name: string, text: string | null])[] }) {
  return (
    <Stack component="dl" gap="sm" m={0}>
      {items.map(([name, text]) =>
        text === null ? null : (
          <div key={name}>
            <Text component="dt" size="xs" c="var(--soft)">
              {name}
            </Text>
            <Text component="dd" m={0}>
              {text}
            </Text>
          </div>
        ),
      )}
    </Stack>
  );
}

function DifferenceView({ difference }: Pick<DiagnosisAnswer, 'difference'>) {
  const say = useTexts(diagnosisTexts);
  if (difference === null) return null;
  const { line, column, offset, received, verified } = difference;
  const side = (name: string, { before, at, after }: typeof received) => (
    <div>
      <Text component="span" c="var(--soft)" fz="inherit">
        {name}{' '}
      </Text>
      {before}
      <mark className={classes.mark}>{at === '' ? '∅' : at}</mark>
      {after}
    </div>
  );
  return (
    <Box>
      <Text size="xs" c="var(--soft)" mb={4}>
        {say('difference')} · {say('place', { line, column, offset })}
      </Text>
      <section aria-label={say('difference')}>
        {/* It scrolls, so the keyboard must reach it. */}
        <Box className={classes.text ?? ''} tabIndex={0}>
          {side(say('received'), received)}
          {side(say('verified'), verified)}
        </Box>
      </section>
    </Box>
  );
}

function Lines({ title, lines }: { title: string; lines: readonly string[] }) {
  return (
    <Box>
      <Text size="xs" c="var(--soft)" mb={4}>
        {title}
      </Text>
      <ul className={classes.list}>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Box>
  );
}

function isCause(name: string): name is CauseName {
  return Object.hasOwn(causesInChinese, name);
}
