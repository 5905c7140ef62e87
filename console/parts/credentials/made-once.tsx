import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useTexts } from '../../texts/texts.ts';
import { Identifier } from '../identifier.tsx';
import { credentialTexts } from './texts.ts';
import { useFieldWords } from './words.ts';

interface MadeOnceProps {
  provider: string;
  /** As the API answers what the server made. */
  credentials: unknown;
  onDone: () => void;
}

/** Secrets that the server made: to copy now, since nobody can see them again. */
export function MadeOnce({ provider, credentials, onDone }: MadeOnceProps) {
  const say = useTexts(credentialTexts);
  const words = useFieldWords(provider);
  return (
    <Alert color="pine" variant="light" icon={<IconKey size={18} />} title={say('once.title')}>
      <Stack gap="md">
        <Text size="sm">{say('once')}</Text>
        {textsIn(credentials).map(({ field, text }) => (
          <div key={`${field} ${text}`}>
            <Text size="xs" c="var(--soft)">
              {words(field).label}
              {words(field).label.toLowerCase() === field ? null : <span className="mono"> {field}</span>}
            </Text>
            <Identifier text={text} />
          </div>
        ))}
        <Group>
          <Button onClick={onDone}>{say('once.done')}</Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function textsIn(credentials: unknown): readonly { field: string; text: string }[] {
  if (typeof credentials !== 'object' || credentials === null) return [];
  return Object.entries(credentials).flatMap(([field, value]) => {
    if (Array.isArray(value)) return value.map((text) => ({ field, text: String(text) }));
    if (typeof value !== 'object' || value === null) return [{ field, text: String(value) }];
    return Object.entries(value).map(([name, text]) => ({ field, text: `${name}: ${text}` }));
  });
}
