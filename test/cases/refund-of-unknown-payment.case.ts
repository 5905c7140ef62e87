import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a refund arrives of a payment that nobody told of',
  accounts: { main: { by: 'alipay' } },
  does: [
    costs(8880),
    told('refund.succeeded', '2026010522001400000002', { operation: 'R1', amount: 3000, total: 3000 }),
  ],
  gives: {
    order: { status: 'pending', captured_minor: 0, refunded_minor: 3000 },
    sent: ['refund 3000 CNY', 'discrepancy_opened 3000 CNY'],
    open: ['refund_exceeds'],
  },
};
