import type { ProviderRow } from '../../../src/api/providers.ts';

export type Side = 'account' | 'endpoint';

/** One field of a provider's credentials, as a form asks for it. */
export interface Field {
  name: string;
  isNeeded: boolean;
  /** `check`: it has one value or none. */
  shape: 'text' | 'number' | 'choice' | 'check' | 'list' | 'map';
  /** How its texts are typed. */
  look: 'plain' | 'secret' | 'public_pem' | 'private_pem';
  /** Of a choice or check. */
  choices: readonly (string | boolean)[];
}

/** One text of a field; a list or map has many. `id` tells rows apart while they move. */
export interface Row {
  id: number;
  name: string;
  text: string;
}
export type Values = Readonly<Record<string, readonly Row[]>>;

/** The fields as the provider's schema has them, what is needed first. */
export function fieldsOf(provider: ProviderRow, side: Side): readonly Field[] {
  const { schema, secrets } = provider[side];
  const needed = Array.isArray(schema.required) ? schema.required : [];
  const kinds = new Map(secrets.map(({ field, kind, says }) => [field, { kind, says }]));
  const fields = Object.entries(recordIn(schema.properties)).map(([name, property]): Field => {
    const { shape, choices } = shapeOf(recordIn(property));
    return { name, isNeeded: needed.includes(name), shape, choices, look: lookOf(kinds.get(name)) };
  });
  return fields.toSorted((a, b) => Number(b.isNeeded) - Number(a.isNeeded));
}

/** What has been typed, as credentials; blank rows and fields are left out. */
export function credentialsOf(fields: readonly Field[], values: Values, isPart: boolean): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const rows = filledRows(values, field.name);
      // A map that is needed may be empty: keys can be fetched.
      if (rows.length === 0) return field.shape === 'map' && field.isNeeded && !isPart ? [[field.name, {}]] : [];
      return [[field.name, typedIn(field, rows)]];
    }),
  );
}

/** Where the API points when a row is wrong; null: the row is blank. */
export function pointerOf(field: Field, values: Values, row: Row): string | null {
  const rows = filledRows(values, field.name);
  const index = rows.findIndex(({ id }) => id === row.id);
  if (index < 0) return null;
  if (field.shape === 'list') return `/credentials/${field.name}/${index}`;
  if (field.shape !== 'map') return `/credentials/${field.name}`;
  return `/credentials/${field.name}/${row.name.trim().replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export function isBlank(values: Values): boolean {
  return Object.keys(values).every((name) => filledRows(values, name).length === 0);
}

/** Never empty: there is always a row to type into. */
export function rowsOf(values: Values, name: string): readonly Row[] {
  const rows = values[name] ?? [];
  return rows.length > 0 ? rows : [{ id: 0, name: '', text: '' }];
}

export function filledRows(values: Values, name: string): readonly Row[] {
  return (values[name] ?? []).filter((row) => row.text.trim() !== '' || row.name.trim() !== '');
}

function typedIn({ shape, choices }: Field, rows: readonly Row[]): unknown {
  const [first] = rows.map(({ text }) => text.trim());
  switch (shape) {
    case 'list':
      return rows.map(({ text }) => text.trim());
    case 'map':
      return Object.fromEntries(rows.map(({ name, text }) => [name.trim(), text.trim()]));
    case 'number':
      return /^\d+$/.test(first ?? '') ? Number(first) : first;
    case 'choice':
    case 'check':
      return choices.find((choice) => String(choice) === first);
    case 'text':
      return first;
  }
}

function shapeOf(property: Readonly<Record<string, unknown>>): Pick<Field, 'shape' | 'choices'> {
  const { type, const: only, enum: words } = property;
  if (typeof only === 'string' || typeof only === 'boolean') return { shape: 'check', choices: [only] };
  if (Array.isArray(words)) return { shape: 'choice', choices: words.map(String) };
  if (type === 'boolean') return { shape: 'choice', choices: [true, false] };
  const shape = type === 'array' ? 'list' : type === 'object' ? 'map' : type === 'integer' ? 'number' : 'text';
  return { shape, choices: [] };
}

function lookOf(secret: { kind: string; says: string } | undefined): Field['look'] {
  if (secret === undefined) return 'plain';
  if (!/PEM/.test(secret.says)) return secret.kind === 'public_key' ? 'plain' : 'secret';
  return secret.kind === 'private_key' ? 'private_pem' : 'public_pem';
}

function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
