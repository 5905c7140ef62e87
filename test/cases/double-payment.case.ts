import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'the buyer pays twice, by two payments',
  does: [costs(8880), told('payment.succeeded', 'P1', { agoMs: minutes(1) }), told('payment.succeeded', 'P2')],
  gives: {
    order: { status: 'paid', captured_minor: 17_760, overpaid_minor: 8880 },
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['double_payment'],
  },
};
