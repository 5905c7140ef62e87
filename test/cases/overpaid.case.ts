import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'one payment brings more than the order costs',
  does: [costs(8000), told('payment.succeeded', 'P1')],
  gives: {
    order: { status: 'paid', overpaid_minor: 880 },
    sent: ['success 8880 CNY', 'discrepancy_opened 880 CNY'],
    open: ['overpaid'],
  },
};
