import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'money arrives for a payment that the platform had closed',
  does: [costs(8880), told('payment.closed', 'P1', { agoMs: minutes(5) }), told('payment.succeeded', 'P1')],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    sent: ['closed 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['late_payment'],
  },
};
