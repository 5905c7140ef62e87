import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'an authentic callback of a kind without money is kept and ignored',
  does: [costs(8880), told('discrepancy.opened', 'P1')],
  gives: {
    order: { status: 'pending' },
    answers: ['order 201', '200 {"status":"ok"}'],
    verdicts: ['ignored'],
    sent: [],
    open: [],
  },
};
