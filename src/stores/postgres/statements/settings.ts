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

export const backlogMinutes = new Table({
  name: 'backlog_minutes',
  columns: { minute: 'bigint', waiting: 'integer', dead: 'integer', oldest_due_ms: 'bigint' },
  key: ['minute'],
  onConflict: `(minute) do update set ${['waiting', 'dead', 'oldest_due_ms']
    .map((most) => `${most} = greatest(backlog_minutes.${most}, excluded.${most})`)
    .join(', ')}`,
});

export function settingRows(
  image: Image,
  writer: string,
): Pick<Rows, 'keepSetting' | 'addToCounter' | 'upsertAlert' | 'raiseBacklogMinute'> {
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
    raiseBacklogMinute({ at: minute, waiting, dead, oldestDueMs: oldest_due_ms }) {
      image.add(backlogMinutes, { minute, waiting, dead, oldest_due_ms });
    },
    addToCounter: (name, by) => image.sum(counters, { name, writer, value: by }, ['value']),
  };
}
