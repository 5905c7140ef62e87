import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'one payment arrives with the numbers of two orders',
  accounts: { main: { by: 'stripe' } },
  does: [
    costs(8880),
    costs(8880, { order: 'another-order' }),
    told('payment.succeeded', 'pi_shared'),
    told('payment.succeeded', 'pi_shared', { order: 'another-order', message: 'second' }),
  ],
  gives: {
    order: { captured_minor: 8880, status: 'paid' },
    verdicts: ['verified', 'conflict'],
    open: ['fact_conflict', 'fact_conflict'],
  },
};
