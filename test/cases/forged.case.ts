import { expect } from 'vitest';
import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a callback with a forged signature changes nothing',
  does: [costs(8880), told('payment.succeeded', 'P1', { seal: { api_secrets: ['somebody-elses-secret-0'] } })],
  gives: {
    order: { status: 'pending', captured_minor: 0 },
    answers: ['order 201', expect.stringMatching(/^401 /)],
    verdicts: ['quarantined'],
    sent: [],
    open: [],
  },
};
