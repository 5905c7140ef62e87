import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'three partial refunds arrive out of order',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('refund.succeeded', 'P1', { operation: 'R3', amount: 880, total: 8880 }),
    told('refund.succeeded', 'P1', { operation: 'R1', amount: 3000, total: 3000 }),
    told('refund.succeeded', 'P1', { operation: 'R2', amount: 5000, total: 8000 }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 8880 },
    sent: ['success 8880 CNY', 'refund 880 CNY', 'refund 3000 CNY', 'refund 5000 CNY'],
    open: [],
  },
};
