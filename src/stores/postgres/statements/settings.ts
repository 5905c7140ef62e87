import { alertValues } from '../../alert-mapping.ts';
import { bytes } from '../../mapping.ts';
import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const settings = new Table({
  name: 'settings',
  columns: { name: 'text', value: 'bytea' },
  key: ['name'],
});

export const settingsByName = settings.lookup({
  name: 'name',
  columns: ['name'],
  index: 'settings_pkey',
  lockName: ([name]) => `setting ${name}`,
});

export const counters = new Table({
  name: 'counters',
  columns: { name: 'text', writer: 'text', value: 'bigint' },
  key: ['name', 'writer'],
  onConflict: '(name, writer) do update set value = counters.value + excluded.value',
});

export const alerts = new Table({
  name: 'alerts',
  columns: {
    id: 'text',
    rule: 'text',
    subject: 'text',
    opened_at: 'bigint',
    recovered_at: 'bigint',
    due_at: 'bigint',
    body: 'text',
  },
  key: ['id'],
  onConflict: '(id) do update set recovered_at = excluded.recovered_at, due_at = excluded.due_at, body = excluded.body',
});

export function settingRows(image: Image, writer: string): Pick<Rows, 'keepSetting' | 'addToCounter' | 'upsertAlert'> {
  return {
    keepSetting(name, value) {
      const kept = image.one(settingsByName, name);
      if (kept !== null) return bytes(kept.values, 'value');
      image.add(settings, { name, value });
      return value;
    },
    upsertAlert(alert) {
      image.add(alerts, alertValues(alert));
    },
    addToCounter: (name, by) => image.sum(counters, { name, writer, value: by }, ['value']),
  };
}
