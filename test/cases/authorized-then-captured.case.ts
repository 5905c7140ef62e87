import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'money is reserved first and taken later',
  does: [
    costs(8880),
    told('payment.authorized', 'P1', { operation: 'A1' }),
    told('payment.succeeded', 'P1', { operation: 'C1' }),
  ],
  gives: {
    order: { status: 'paid', authorized_minor: 0, captured_minor: 8880 },
    sent: ['authorized 8880 CNY', 'success 8880 CNY'],
    open: [],
  },
};
