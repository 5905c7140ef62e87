import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a live event on a test account is ignored',
  accounts: { main: { by: 'stripe', mode: 'test' } },
  does: [costs(8880), told('payment.succeeded', 'P1')],
  gives: { order: { status: 'pending' }, verdicts: ['ignored'], sent: [], open: [] },
};
