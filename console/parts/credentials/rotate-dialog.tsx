import { Button, SegmentedControl, Select, Text } from '@mantine/core';
import { useState } from 'react';
import type { ProviderRow } from '../../../src/api/providers.ts';
import { call } from '../../api/call.ts';
import { useTexts } from '../../texts/texts.ts';
import { ConfirmDialog } from '../confirm-dialog.tsx';
import { CredentialsForm } from './credentials-form.tsx';
import { credentialsOf, fieldsOf, isBlank, type Side, type Values } from './fields.ts';
import { rotateTexts } from './rotate-texts.ts';

export interface RotateProps {
  provider: ProviderRow;
  side: Side;
  mode?: 'live' | 'test';
  /** Of the account or endpoint. */
  path: string;
  /** Secrets that the server made, to be shown once. */
  onMade?: (credentials: unknown) => void;
}

type Way = 'made' | 'beside' | 'instead';
const overlaps = ['', '3600', '86400', '604800'] as const;

/** New keys beside the present ones, without a gap, or in their place. */
export function RotateButton(props: RotateProps) {
  const { provider, side, path, onMade } = props;
  const say = useTexts(rotateTexts);
  const canMake = side === 'endpoint' && provider.endpoint.generated;
  const ways: readonly Way[] = canMake ? ['made', 'beside', 'instead'] : ['beside', 'instead'];
  const first: Way = canMake ? 'made' : 'beside';
  const isFirstAlone = side === 'endpoint' && provider.rotation === 'first';
  const [isOpen, setIsOpen] = useState(false);
  const [way, setWay] = useState<Way>(first);
  const [overlap, setOverlap] = useState('');
  const [values, setValues] = useState<Values>({});
  const close = () => {
    setIsOpen(false);
    setValues({});
    setWay(first);
    setOverlap('');
  };
  const run = async () => {
    const credentials = credentialsOf(fieldsOf(provider, side), values, way === 'beside');
    const overlapping = overlap === '' ? {} : { overlap_s: Number(overlap) };
    if (way === 'instead') await call('PATCH', path, { body: { credentials } });
    else {
      const body = way === 'made' ? overlapping : { credentials, ...overlapping };
      const answer = await call<{ credentials?: unknown }>('POST', `${path}/rotate`, { body });
      if (answer.credentials !== undefined) onMade?.(answer.credentials);
    }
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
        {say('change')}
      </Button>
      <ConfirmDialog
        opened={isOpen}
        onClose={close}
        title={say('change')}
        confirm={say(`do.${way}`)}
        danger={way === 'instead'}
        disabled={way !== 'made' && isBlank(values)}
        size="lg"
        run={run}
      >
        <SegmentedControl
          data={ways.map((value) => ({ value, label: say(value) }))}
          value={way}
          onChange={(value) => setWay(ways.find((one) => one === value) ?? first)}
          aria-label={say('change')}
          fullWidth
        />
        <Text size="sm" c="var(--soft)">
          {say(way === 'instead' ? 'instead.text' : `${way}.${isFirstAlone ? 'first' : 'text'}`)}
        </Text>
        {side === 'endpoint' && way !== 'instead' ? <Overlap value={overlap} onChange={setOverlap} /> : null}
        {way === 'made' ? null : (
          <CredentialsForm
            key={way}
            {...props}
            values={values}
            onChange={setValues}
            isPart={way === 'beside'}
            isTried={false}
          />
        )}
      </ConfirmDialog>
    </>
  );
}

/** How long the older keys stay. */
function Overlap({ value, onChange }: { value: string; onChange: (seconds: string) => void }) {
  const say = useTexts(rotateTexts);
  return (
    <Select
      label={say('overlap')}
      description={say('overlap.hint')}
      data={overlaps.map((one) => ({ value: one, label: say(`overlap.${one === '' ? 'open' : one}`) }))}
      value={value}
      onChange={(next) => onChange(next ?? '')}
      allowDeselect={false}
    />
  );
}
