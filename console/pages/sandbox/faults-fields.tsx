import { Accordion, Checkbox, NumberInput, Select, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useTexts } from '../../texts/texts.ts';
import type { Faults } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

interface FaultsFieldsProps {
  /** One payment has no order to be changed. */
  isScenario: boolean;
  faults: Faults;
  seed: string;
  oddities: readonly string[];
  change: (change: { faults?: Faults; seed?: string }) => void;
}

/** What goes wrong on the way, on purpose. */
export function FaultsFields({ isScenario, faults, seed, oddities, change }: FaultsFieldsProps) {
  const say = useTexts(sandboxTexts);
  const set = (one: Partial<Faults>) => change({ faults: { ...faults, ...one } });
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
            <Shares faults={faults} set={set} />
            <Counts faults={faults} set={set} />
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
          </SimpleGrid>
          {isScenario ? (
            <Checkbox
              label={say('fault.reorder')}
              checked={faults.reorder}
              onChange={(event) => set({ reorder: event.currentTarget.checked })}
              mt="md"
            />
          ) : null}
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

interface SomeFaultsProps {
  faults: Faults;
  set: (one: Partial<Faults>) => void;
}

const shares = ['drop', 'tamper', 'wrong_signature', 'stale'] as const;

function Shares({ faults, set }: SomeFaultsProps) {
  const say = useTexts(sandboxTexts);
  const data = [
    { value: '0', label: say('share.never') },
    { value: '0.5', label: say('share.half') },
    { value: '1', label: say('share.always') },
  ];
  return shares.map((name) => (
    <Select
      key={name}
      label={say(`fault.${name}`)}
      data={data}
      value={String(faults[name])}
      onChange={(value) => set({ [name]: Number(value ?? 0) })}
      allowDeselect={false}
    />
  ));
}

const counts = [
  { name: 'duplicate', min: 1, max: 10, step: 1, suffix: '' },
  { name: 'delay_ms', min: 0, max: 86_400_000, step: 500, suffix: ' ms' },
  { name: 'slow_ms', min: 0, max: 5000, step: 250, suffix: ' ms' },
] as const;

function Counts({ faults, set }: SomeFaultsProps) {
  const say = useTexts(sandboxTexts);
  return counts.map(({ name, ...bounds }) => (
    <NumberInput
      key={name}
      {...bounds}
      label={say(`fault.${name}`)}
      value={faults[name]}
      // Empty while it is typed anew.
      onChange={(value) => set({ [name]: Math.max(bounds.min, Math.trunc(Number(value))) })}
      allowDecimal={false}
    />
  ));
}
