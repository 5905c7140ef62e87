import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'the order is paid by two part payments',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { amount: 5000 }),
    told('payment.succeeded', 'P2', { amount: 3880 }),
  ],
  gives: { order: { status: 'paid', captured_minor: 8880, overpaid_minor: 0 }, sent: ['success 8880 CNY'], open: [] },
};
