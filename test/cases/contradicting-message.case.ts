import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'two messages with one id say different things',
  accounts: { main: { by: 'standard' } },
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { message: 'same' }),
    told('payment.succeeded', 'P1', { message: 'same', amount: 9990 }),
  ],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    verdicts: ['verified', 'conflict'],
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY', 'discrepancy_opened 0 CNY'],
    open: ['fact_conflict', 'fact_conflict'],
  },
};
