import {
  ActionIcon,
  Button,
  Checkbox,
  FileButton,
  Group,
  Input,
  PasswordInput,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconCheck, IconFile, IconPlus, IconX } from '@tabler/icons-react';
import type { CheckedCredentials } from '../../../src/api/providers.ts';
import { useTexts } from '../../texts/texts.ts';
import { Time } from '../time.tsx';
import classes from './credentials.module.css';
import type { Field, Row } from './fields.ts';
import { credentialTexts } from './texts.ts';
import { useChoiceWord } from './words.ts';

interface FieldInputProps {
  field: Field;
  label: string;
  hint: string | null;
  rows: readonly Row[];
  onChange: (rows: readonly Row[]) => void;
  /** What is wrong with a row, in words; with undefined, with the field as a whole. */
  errorOf: (row?: Row) => string | null;
  /** What is known of a row that is right. */
  secretOf: (row: Row) => CheckedCredentials['secrets'][number] | null;
}

/** The input that fits a field: one text, a list, keys by their names, or one of a few values. */
export function FieldInput(props: FieldInputProps) {
  const { field, rows } = props;
  const [first] = rows;
  if (first === undefined) return null;
  if (field.shape === 'check') return <CheckInput {...props} row={first} />;
  if (field.shape === 'choice') return <ChoiceInput {...props} row={first} />;
  if (field.shape === 'list' || field.shape === 'map') return <ManyInput {...props} />;
  return <RowInput {...props} row={first} name={<Label {...props} />} description={props.hint} />;
}

function Label({ label, field }: Pick<FieldInputProps, 'label' | 'field'>) {
  return (
    <span className={classes.label}>
      {label}
      <span className={classes.name}>{field.name}</span>
    </span>
  );
}

function changed(rows: readonly Row[], row: Row, change: Partial<Row>): readonly Row[] {
  return rows.map((one) => (one.id === row.id ? { ...one, ...change } : one));
}

function CheckInput({ row, field, label, hint, onChange, errorOf }: FieldInputProps & { row: Row }) {
  const say = useTexts(credentialTexts);
  const [choice = true] = field.choices;
  return (
    <Checkbox
      label={field.name === 'accept_risk' ? say('accept', { risk: String(choice) }) : label}
      description={hint}
      error={errorOf(row) ?? errorOf()}
      checked={row.text !== ''}
      onChange={(event) => onChange([{ ...row, text: event.currentTarget.checked ? String(choice) : '' }])}
    />
  );
}

function ChoiceInput(props: FieldInputProps & { row: Row }) {
  const { row, field, hint, onChange, errorOf } = props;
  const say = useTexts(credentialTexts);
  const word = useChoiceWord();
  return (
    <Select
      label={<Label {...props} />}
      description={hint}
      placeholder={say('unsaid')}
      data={field.choices.map((choice) => ({ value: String(choice), label: word(choice) }))}
      value={row.text === '' ? null : row.text}
      onChange={(value) => onChange([{ ...row, text: value ?? '' }])}
      error={errorOf(row) ?? errorOf()}
      clearable={!field.isNeeded}
      withAsterisk={field.isNeeded}
    />
  );
}

/** A list, or keys by their names: rows, and a button for one more. */
function ManyInput(props: FieldInputProps) {
  const { field, label, hint, rows, onChange, errorOf } = props;
  const say = useTexts(credentialTexts);
  const next = Math.max(...rows.map(({ id }) => id)) + 1;
  return (
    <Input.Wrapper
      label={<Label {...props} />}
      description={hint}
      labelElement="div"
      error={errorOf()}
      withAsterisk={field.isNeeded}
      role="group"
      aria-label={label}
    >
      <Stack gap={6} mt={4} mb={errorOf() === null ? 0 : 4}>
        {rows.map((row, index) => {
          const name = rows.length > 1 ? say('numbered', { name: label, number: index + 1 }) : label;
          const remove =
            rows.length > 1 || row.text !== '' ? () => onChange(rows.filter(({ id }) => id !== row.id)) : null;
          return (
            <Group
              key={row.id}
              gap={6}
              align="flex-start"
              wrap="nowrap"
              {...(field.shape === 'map' ? { className: classes.map ?? '' } : {})}
            >
              <Stack gap={6} className={classes.grow ?? ''}>
                {field.shape === 'map' ? (
                  <TextInput
                    label={say('nameOf')}
                    value={row.name}
                    onChange={(event) => onChange(changed(rows, row, { name: event.currentTarget.value }))}
                    {...plainTyping}
                  />
                ) : null}
                <RowInput
                  {...props}
                  row={row}
                  accessibleName={name}
                  name={field.shape === 'map' ? say('keyOf') : undefined}
                />
              </Stack>
              {remove === null ? null : (
                <ActionIcon variant="subtle" color="gray" mt={4} onClick={remove} aria-label={say('remove', { name })}>
                  <IconX size={15} />
                </ActionIcon>
              )}
            </Group>
          );
        })}
      </Stack>
      <Button
        variant="subtle"
        size="compact-xs"
        mt={4}
        leftSection={<IconPlus size={13} />}
        onClick={() => onChange([...rows, { id: next, name: '', text: '' }])}
      >
        {say('another')}
      </Button>
    </Input.Wrapper>
  );
}

const plainTyping = { spellCheck: false, autoComplete: 'off', autoCapitalize: 'off' } as const;

interface RowInputProps extends FieldInputProps {
  row: Row;
  name?: React.ReactNode;
  accessibleName?: string;
  description?: React.ReactNode;
}

/** One text, by its look: plain, hidden, or a key in PEM that a file may hold. */
function RowInput({ field, row, rows, name, accessibleName, description, onChange, errorOf, secretOf }: RowInputProps) {
  const say = useTexts(credentialTexts);
  const error = errorOf(row) ?? (accessibleName === undefined ? errorOf() : null);
  const set = (text: string) => onChange(changed(rows, row, { text }));
  const common = {
    ...plainTyping,
    ...(name === undefined ? {} : { label: name }),
    ...(accessibleName === undefined ? {} : { 'aria-label': accessibleName }),
    ...(description === undefined ? {} : { description }),
    withAsterisk: field.isNeeded && accessibleName === undefined,
    error,
    value: row.text,
  };
  const input =
    field.look === 'plain' ? (
      <TextInput {...common} onChange={(event) => set(event.currentTarget.value)} />
    ) : field.look === 'secret' ? (
      <PasswordInput {...common} autoComplete="new-password" onChange={(event) => set(event.currentTarget.value)} />
    ) : (
      <Textarea
        {...common}
        className={`${classes.pem} ${field.look === 'private_pem' ? classes.masked : ''}`}
        placeholder="-----BEGIN …"
        autosize
        minRows={2}
        maxRows={5}
        onChange={(event) => set(event.currentTarget.value)}
      />
    );
  return (
    <div>
      {input}
      {field.look.endsWith('pem') ? (
        <FileButton onChange={(file) => void file?.text().then(set)} accept=".pem,.crt,.cer,.key,.txt">
          {(open) => (
            <Button {...open} variant="subtle" size="compact-xs" mt={4} leftSection={<IconFile size={13} />}>
              {say('file')}
            </Button>
          )}
        </FileButton>
      ) : null}
      <Known secret={error === null ? secretOf(row) : null} />
    </div>
  );
}

function Known({ secret }: { secret: ReturnType<FieldInputProps['secretOf']> }) {
  const say = useTexts(credentialTexts);
  if (secret === null) return null;
  return (
    <Group gap={6} mt={4} fz="xs" c="var(--soft)" role="status">
      <IconCheck size={14} className={classes.valid} aria-hidden />
      <Text fz="xs" className={classes.valid ?? ''}>
        {say('valid')}
      </Text>
      {secret.key === null ? null : <span>{secret.key}</span>}
      <span className="mono">{secret.fingerprint}</span>
      {secret.expires_at === null ? null : (
        <span>
          {say('until')} <Time at={secret.expires_at} form="full" />
        </span>
      )}
    </Group>
  );
}
