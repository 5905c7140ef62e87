import { Alert, Stack, Text } from '@mantine/core';
import type { CheckedCredentials, ProviderRow } from '../../../src/api/providers.ts';
import { useLanguage, useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { FieldInput } from './field-input.tsx';
import {
  credentialsOf,
  type Field,
  fieldsOf,
  isBlank,
  pointerOf,
  type Row,
  rowsOf,
  type Side,
  type Values,
} from './fields.ts';
import { credentialTexts } from './texts.ts';
import { useCheck } from './use-check.ts';
import { useFieldWords } from './words.ts';

interface CredentialsFormProps {
  provider: ProviderRow;
  side: Side;
  /** Of the account. */
  mode?: 'live' | 'test';
  values: Values;
  onChange: (values: Values) => void;
  /** Only what changes is typed: what is left blank stays as it is. */
  isPart?: boolean;
  /** Somebody tried to go on: what is missing is said from now on. */
  isTried: boolean;
}

/** The fields of a provider's credentials, each explained, and checked by the API as it is typed. */
export function CredentialsForm(props: CredentialsFormProps) {
  const { provider, side, mode = 'live', values, onChange, isPart = false, isTried } = props;
  const say = useTexts(credentialTexts);
  const words = useFieldWords(provider.name);
  const detail = useDetail();
  const fields = fieldsOf(provider, side);
  const checked = useCheck(provider, side, mode, credentialsOf(fields, values, isPart));
  const whole = isPart ? [] : checked.errors.filter(({ pointer }) => fieldAt(fields, pointer) === null);
  const isShown = isTried || !isBlank(values);
  const groups = isPart
    ? [{ title: null, fields }]
    : [
        { title: say('needed'), fields: fields.filter(({ isNeeded }) => isNeeded) },
        { title: say('optional'), fields: fields.filter(({ isNeeded }) => !isNeeded) },
      ];
  return (
    <Stack gap="md">
      {groups.map((group) =>
        group.fields.length === 0 ? null : (
          <Stack key={group.title ?? ''} gap="md">
            {group.title === null ? null : (
              <Text size="xs" fw={600} c="var(--soft)" component="h3" m={0}>
                {group.title}
              </Text>
            )}
            {group.fields.map((field) => (
              <FieldInput
                key={field.name}
                field={isPart ? { ...field, isNeeded: false } : field}
                {...words(field.name)}
                rows={rowsOf(values, field.name)}
                onChange={(rows) => onChange({ ...values, [field.name]: rows })}
                errorOf={(row) => {
                  const error = errorAt(checked, { field, values, row, isTried: isTried && !isPart });
                  return error === null ? null : detail(error);
                }}
                secretOf={(row) => {
                  const pointer = pointerOf(field, values, row);
                  return checked.secrets.find((secret) => secret.pointer === pointer) ?? null;
                }}
              />
            ))}
          </Stack>
        ),
      )}
      {isShown && whole.length > 0 ? (
        <Alert color="orange" variant="light" role="alert">
          {whole.map((error) => (
            <Text size="sm" key={error.detail}>
              {detail(error.detail)}
            </Text>
          ))}
        </Alert>
      ) : null}
    </Stack>
  );
}

/** What is wrong with a field, as a sentence by itself. */
function useDetail(): (detail: string) => string {
  const sentence = useSentence();
  const { language } = useLanguage();
  return (detail) => (language === 'en' ? `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.` : sentence(detail));
}

/** Which field the API points at, or into. */
function fieldAt(fields: readonly Field[], pointer: string): Field | null {
  const [, , name] = pointer.split('/');
  return fields.find((field) => field.name === name) ?? null;
}

/** What is wrong with a row; without one, with the field. Of what is blank nothing is said before somebody tried. */
function errorAt(
  { errors }: CheckedCredentials,
  { field, values, row, isTried }: { field: Field; values: Values; row: Row | undefined; isTried: boolean },
): string | null {
  const isMany = field.shape === 'list' || field.shape === 'map';
  if (row !== undefined) {
    const pointer = pointerOf(field, values, row);
    if (pointer === null) return null;
    return errors.find((error) => error.pointer === pointer)?.detail ?? null;
  }
  const isFilled = rowsOf(values, field.name).some((one) => pointerOf(field, values, one) !== null);
  if (!isTried && !isFilled) return null;
  if (!isMany && isFilled) return null;
  return errors.find(({ pointer }) => pointer === `/credentials/${field.name}`)?.detail ?? null;
}
