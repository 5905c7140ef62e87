import { z } from '@hono/zod-openapi';
import type { Routes } from './route.ts';

const setting = z
  .object({
    name: z.string().openapi({ example: 'retention_days', description: 'As in a file.' }),
    variable: z.string().openapi({ example: 'PAIDONCE_RETENTION_DAYS', description: 'As in the environment.' }),
    meaning: z.string(),
    unit: z.string().nullable(),
    absent: z.string().openapi({ description: 'What holds where it is not set.' }),
    secret: z.boolean(),
    from: z.enum(['command_line', 'environment', 'file', 'default']),
    value: z.string().nullable().openapi({
      description: 'What holds; null: nothing, or a secret. Of some secrets a part that is none, such as the host.',
    }),
  })
  .openapi('Setting');

const answer = z
  .object({
    version: z.string().nullable(),
    node: z.string().openapi({ description: 'The node that answers.' }),
    public_url: z.string(),
    store: z
      .object({
        kind: z.enum(['sqlite', 'postgres']),
        place: z.string().openapi({ description: 'Its folder, or host and database.' }),
      })
      .nullable(),
    migration: z.int().openapi({ description: 'The newest that the store has had.' }),
    seal_key: z.string().openapi({ description: 'Public; 32 bytes in base64.' }),
    settings: z.array(setting),
  })
  .openapi('Settings');
export type Settings = z.output<typeof answer>;
export type ShownSetting = z.output<typeof setting>;

/** What only whoever runs the server can tell: it alone reads the environment. */
export type Installation = Pick<Settings, 'version' | 'store' | 'settings'>;

/** Where the library is used in a program of its own. */
export const noInstallation: Installation = { version: null, store: null, settings: [] };

export function addSettings(routes: Routes, installation: Installation): void {
  routes.add({
    method: 'get',
    path: '/v1/settings',
    tag: 'Settings',
    summary: 'Read how the server runs',
    description:
      'Settings, where each comes from, and never a secret. Where the library is used in a program of its own there are none.',
    need: 'admin',
    statuses: [200],
    answer,
    refusals: [],
    async run({ service }) {
      const { migration } = await service.store.read('ready', null);
      const { node, publicUrl: public_url } = service;
      return { status: 200, body: { ...installation, node, public_url, migration, seal_key: service.proofs.key } };
    },
  });
}
