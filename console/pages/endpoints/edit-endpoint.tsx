import { Button, Input, MultiSelect, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { EndpointRow } from '../../../src/api/endpoint-view.ts';
import type { ProviderRow } from '../../../src/api/providers.ts';
import { call } from '../../api/call.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { useTexts } from '../../texts/texts.ts';
import { durationText, secondsIn } from './durations.ts';
import { endpointTexts } from './texts.ts';

interface EditProps {
  endpoint: EndpointRow;
  provider: ProviderRow;
  path: string;
}

export function EditEndpoint(props: EditProps) {
  const say = useTexts(endpointTexts);
  const mayAct = useMayAct();
  const [isOpen, setIsOpen] = useState(false);
  if (!mayAct) return null;
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
        {say('edit')}
      </Button>
      {isOpen ? <Dialog {...props} onClose={() => setIsOpen(false)} /> : null}
    </>
  );
}

/** What is typed, before it is read. */
interface Draft {
  types: readonly string[];
  /** Null: the format's own. */
  schedule: string | null;
  timeoutSeconds: number | string;
  rate: number | string;
  concurrency: number | string;
  ordering: EndpointRow['ordering'];
}

function Dialog({ endpoint, provider, path, onClose }: EditProps & { onClose: () => void }) {
  const say = useTexts(endpointTexts);
  const [draft, setDraft] = useState<Draft>({
    types: endpoint.types,
    schedule: endpoint.schedule?.map(durationText).join(', ') ?? null,
    timeoutSeconds: endpoint.timeout_ms / 1000,
    rate: endpoint.rate_per_second ?? '',
    concurrency: endpoint.concurrency,
    ordering: endpoint.ordering,
  });
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const schedule = draft.schedule === null ? null : secondsIn(draft.schedule);
  const isWrong = draft.schedule !== null && schedule === null;
  const body = {
    types: draft.types,
    schedule,
    timeout_ms: Math.round(Number(draft.timeoutSeconds) * 1000),
    rate_per_second: draft.rate === '' ? null : Number(draft.rate),
    concurrency: Number(draft.concurrency),
    ordering: draft.ordering,
  };
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={say('edit')}
      confirm={say('save')}
      size="lg"
      disabled={isWrong || draft.types.length === 0}
      run={() => call('PATCH', path, { body })}
    >
      <MultiSelect
        label={say('types')}
        description={say('types.hint')}
        data={typesOf(provider)}
        value={[...draft.types]}
        onChange={(types) => set({ types })}
        searchable
      />
      <Schedule
        draft={draft.schedule}
        provider={provider}
        isWrong={isWrong}
        onChange={(next) => set({ schedule: next })}
      />
      <Limits draft={draft} set={set} />
      <Select
        label={say('ordering')}
        description={say(`${draft.ordering}.text`)}
        data={(['none', 'order'] as const).map((value) => ({ value, label: say(value) }))}
        value={draft.ordering}
        onChange={(value) => set({ ordering: value === 'order' ? 'order' : 'none' })}
        allowDeselect={false}
      />
    </ConfirmDialog>
  );
}

function Limits({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  const say = useTexts(endpointTexts);
  return (
    <>
      <NumberInput
        label={say('timeout')}
        description={say('timeout.hint')}
        value={draft.timeoutSeconds}
        onChange={(timeoutSeconds) => set({ timeoutSeconds })}
        min={0.1}
      />
      <NumberInput
        label={say('rate')}
        description={say('rate.hint')}
        value={draft.rate}
        onChange={(rate) => set({ rate })}
        min={0}
      />
      <NumberInput
        label={say('concurrency')}
        description={say('concurrency.hint')}
        value={draft.concurrency}
        onChange={(concurrency) => set({ concurrency })}
        min={1}
        allowDecimal={false}
      />
    </>
  );
}

interface ScheduleProps {
  draft: string | null;
  provider: ProviderRow;
  isWrong: boolean;
  onChange: (draft: string | null) => void;
}

function Schedule({ draft, provider, isWrong, onChange }: ScheduleProps) {
  const say = useTexts(endpointTexts);
  const published = provider.schedule.map(durationText).join(', ');
  return (
    <Input.Wrapper label={say('schedule')} labelElement="div">
      <SegmentedControl
        w="fit-content"
        display="flex"
        mt={4}
        aria-label={say('schedule')}
        data={[
          { value: 'own', label: say('schedule.own') },
          { value: 'mine', label: say('schedule.mine') },
        ]}
        value={draft === null ? 'own' : 'mine'}
        onChange={(value) => onChange(value === 'own' ? null : published)}
      />
      {draft === null ? (
        <Input.Description mt={6}>{published}</Input.Description>
      ) : (
        <TextInput
          mt={6}
          aria-label={say('schedule.mine')}
          description={say('schedule.hint')}
          value={draft}
          onChange={(event) => onChange(event.currentTarget.value)}
          error={isWrong ? say('schedule.wrong') : null}
          spellCheck={false}
        />
      )}
    </Input.Wrapper>
  );
}

/** Everything, the groups, and the types that the format can say. */
function typesOf({ types }: ProviderRow): string[] {
  const groups = new Set(types.map((type) => `${type.split('.')[0]}.*`));
  return ['*', ...groups, ...types];
}
