import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'another payment of the buyer fails after the order was paid',
  does: [costs(8880), told('payment.succeeded', 'P1'), told('payment.failed', 'P2')],
  gives: { order: { status: 'paid', captured_minor: 8880 }, sent: ['success 8880 CNY'], open: [] },
};
