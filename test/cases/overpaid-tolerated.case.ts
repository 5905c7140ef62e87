import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a surplus within the tolerance of the merchant is no discrepancy',
  policies: { overpaid_tolerance_minor: 1 },
  does: [costs(8880), told('payment.succeeded', 'P1', { amount: 8881 })],
  gives: { order: { status: 'paid', overpaid_minor: 1 }, sent: ['success 8881 CNY'], open: [] },
};
