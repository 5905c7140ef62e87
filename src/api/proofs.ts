import { z } from '@hono/zod-openapi';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import { manifest } from '../domain/manifest.ts';
import { proof } from '../domain/proof.ts';
import { sees } from './auth.ts';
import { merchant, text } from './fields.ts';
import { requireMerchant } from './merchants.ts';
import type { Routes } from './route.ts';

export function addProofs(routes: Routes): void {
  const tag = 'Proofs';
  routes.add({
    method: 'get',
    path: '/v1/notifications/{id}/proof',
    tag,
    summary: 'Prove what was sent and answered',
    description: 'Can be checked without us: `paidonce proof --verify`.',
    need: ['read'],
    params: z.strictObject({ id: text(1, 64) }),
    statuses: [200],
    answer: proof,
    refusals: ['notification.unknown'],
    async run({ service, caller, params }) {
      const id = asId.notification(params.id);
      const found = await service.store.read('notification', id);
      if (found === null || !sees(caller, found.notification.merchant))
        throw new AppError('notification.unknown', `there is no notification ${id}`);
      return { status: 200, body: await service.proofs.proofOf(id) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/manifests/{merchant}/{date}',
    tag,
    summary: 'Sum up a day (UTC) of a merchant, signed',
    description:
      'The figures follow from `GET /v1/notifications` of that merchant and day: `paidonce manifest --check`.',
    need: ['read'],
    params: z.strictObject({ merchant, date: z.iso.date() }),
    statuses: [200],
    answer: manifest,
    refusals: ['merchant.unknown'],
    async run({ service, caller, params }) {
      requireMerchant(caller, params.merchant);
      if ((await service.store.read('merchant', params.merchant)) === null)
        throw new AppError('merchant.unknown', `there is no merchant ${params.merchant}`);
      return { status: 200, body: await service.proofs.manifestOf(params.merchant, params.date) };
    },
  });
  routes.add({
    method: 'get',
    path: '/v1/seal-key',
    tag,
    summary: 'The public key that proofs and manifests are signed with',
    need: ['read'],
    statuses: [200],
    answer: z.object({
      algorithm: z.literal('Ed25519'),
      key: z.string().openapi({ description: '32 bytes in base64.' }),
    }),
    refusals: [],
    async run({ service }) {
      return { status: 200, body: { algorithm: 'Ed25519' as const, key: service.proofs.key } };
    },
  });
}
