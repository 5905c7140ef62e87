import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a refund names neither its operation nor its time, so a copy of it could not be told from a second one',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('refund.succeeded', 'P1', {
      operation: 'R1',
      body: (body) => ({ ...body, operation_id: undefined, occurred_at: undefined }),
    }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 0 },
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['operation_id_missing'],
  },
};
