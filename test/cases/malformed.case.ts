import { expect } from 'vitest';
import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'an authentic body that is not JSON is kept and named',
  does: [costs(8880), told('payment.succeeded', 'P1', { body: 'not json' })],
  gives: {
    order: { status: 'pending' },
    answers: ['order 201', expect.stringMatching(/^400 /)],
    verdicts: ['unreadable'],
    sent: [],
    open: [],
  },
};
