import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a test event on a live account is ignored',
  accounts: { main: { by: 'stripe' } },
  does: [costs(8880), told('payment.succeeded', 'P1', { seal: { livemode: false } })],
  gives: { order: { status: 'pending' }, verdicts: ['ignored'], sent: [], open: [] },
};
