import { expect } from 'vitest';
import { type Case, costs, rewritten, told } from './words.ts';

export const story: Case = {
  says: 'the amount was changed on the way',
  does: [costs(8880), told('payment.succeeded', 'P1', { broken: rewritten((body) => body.replace('8880', '1')) })],
  gives: {
    order: { status: 'pending', captured_minor: 0 },
    answers: ['order 201', expect.stringMatching(/^401 /)],
    verdicts: ['quarantined'],
    sent: [],
    open: [],
  },
};
