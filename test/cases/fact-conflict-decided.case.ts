import { type Case, costs, resolved, told } from './words.ts';

export const story: Case = {
  says: 'a person says which of two amounts is true',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { amount: 8000 }),
    told('payment.succeeded', 'P1'),
    resolved('fact_conflict', 'accept', 8880),
  ],
  gives: { order: { status: 'paid', captured_minor: 8880 }, open: [], ended: ['fact_conflict'] },
};
