import { type Case, closed, costs, later, seconds, told } from './words.ts';

export const story: Case = {
  says: 'the merchant wants late payments to reopen the order by themselves',
  policies: { late_payment: 'reopen' },
  does: [costs(8880), closed, later(seconds(5)), told('payment.succeeded', 'P1')],
  gives: { order: { status: 'paid' }, sent: ['success 8880 CNY'], open: [] },
};
