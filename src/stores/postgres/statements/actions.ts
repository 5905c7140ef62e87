import type { Rows } from '../../work/rows.ts';
import type { Image } from '../image.ts';
import { Table } from '../table.ts';

export const actions = new Table({
  name: 'actions',
  columns: {
    at: 'bigint',
    merchant: 'text',
    by: 'text',
    what: 'text',
    subject: 'text',
    note: 'text',
  },
  key: ['seq'],
});

export function actionRows(image: Image): Pick<Rows, 'insertAction'> {
  return {
    insertAction: (action) => {
      image.add(actions, { ...action });
    },
  };
}
