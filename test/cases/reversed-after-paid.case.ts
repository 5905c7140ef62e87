import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'a payment is reversed after the order was paid',
  does: [costs(8880), told('payment.succeeded', 'P1', { agoMs: minutes(5) }), told('payment.reversed', 'P1')],
  gives: {
    order: { status: 'reversed', captured_minor: 8880, reversed_minor: 8880 },
    sent: ['success 8880 CNY', 'reversed 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['reversed_after_paid'],
  },
};
