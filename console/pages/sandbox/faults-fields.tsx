import { Accordion, Checkbox, NumberInput, Select, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useTexts } from '../../texts/texts.ts';
import type { Faults } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

interface FaultsFieldsProps {
  faults: Faults;
  seed: string;
  oddities: readonly string[];
  change: (change: { faults?: Faults; seed?: string }) => void;
}

const shares = ['drop', 'tamper', 'wrong_signature', 'stale'] as const;

/** What goes wrong on the way, on purpose. */
export function FaultsFields({ faults, seed, oddities, change }: FaultsFieldsProps) {
  const say = useTexts(sandboxTexts);
  const set = (one: Partial<Faults>) => change({ faults: { ...faults, ...one } });
  const count = (value: string | number, least: number) => Math.max(least, Math.trunc(Number(value)) || least);
  return (
    <Accordion variant="separated" order={3}>
      <Accordion.Item value="faults">
        <Accordion.Control>
          <Text fw={600}>{say('faults')}</Text>
          <Text size="xs" c="var(--soft)">
            {say('faults.lead')}
          </Text>
        </Accordion.Control>
        <Accordion.Panel>
          <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
            {shares.map((name) => (
              <Select
                key={name}
                label={say(`fault.${name}`)}
                data={[
                  { value: '0', label: say('share.never') },
                  { value: '0.5', label: say('share.half') },
                  { value: '1', label: say('share.always') },
                ]}
                value={String(faults[name])}
                onChange={(value) => set({ [name]: Number(value ?? 0) })}
                allowDeselect={false}
              />
            ))}
            <NumberInput
              label={say('fault.duplicate')}
              value={faults.duplicate}
              onChange={(value) => set({ duplicate: count(value, 1) })}
              min={1}
              max={10}
            />
            <NumberInput
              label={say('fault.delay_ms')}
              suffix=" ms"
              value={faults.delay_ms}
              onChange={(value) => set({ delay_ms: count(value, 0) })}
              min={0}
              max={86_400_000}
              step={500}
            />
            <NumberInput
              label={say('fault.slow_ms')}
              suffix=" ms"
              value={faults.slow_ms}
              onChange={(value) => set({ slow_ms: count(value, 0) })}
              min={0}
              max={5000}
              step={250}
            />
            {oddities.length === 0 ? null : (
              <Select
                label={say('fault.oddity')}
                placeholder={say('share.never')}
                data={oddities.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
                value={faults.oddity ?? null}
                onChange={(value) => {
                  const { oddity: _, ...plain } = faults;
                  change({ faults: value === null ? plain : { ...plain, oddity: value } });
                }}
                clearable
              />
            )}
            <TextInput
              label={say('seed')}
              description={say('seed.hint')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              value={seed}
              onChange={(event) => change({ seed: event.currentTarget.value })}
              maxLength={64}
              spellCheck={false}
            />
            <Checkbox
              label={say('fault.reorder')}
              checked={faults.reorder}
              onChange={(event) => set({ reorder: event.currentTarget.checked })}
              mt={30}
            />
          </SimpleGrid>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
