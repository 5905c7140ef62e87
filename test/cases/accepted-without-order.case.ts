import { type Case, told } from './words.ts';

export const story: Case = {
  says: 'an account that takes money without an order makes the earliest payment its expectation',
  accounts: { main: { without_order: 'accept' } },
  does: [told('payment.succeeded', 'P1', { amount: 500 })],
  gives: {
    order: { status: 'paid', captured_minor: 500, expectation: { amount_minor: 500, unverified: true } },
    verdicts: ['verified'],
    sent: ['success 500 CNY'],
    open: [],
  },
};
