import { expect } from 'vitest';
import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a nonce that was used comes again with another body',
  accounts: { main: { credentials: { replay_window_s: 300 } } },
  once: true,
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { sameNonce: true, seal: { replay_window_s: 300 } }),
    told('refund.succeeded', 'P1', { operation: 'R1', sameNonce: true, seal: { replay_window_s: 300 } }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 0 },
    answers: ['order 201', '200 {"status":"ok"}', expect.stringMatching(/^400 /)],
    verdicts: ['verified', 'refused'],
    sent: ['success 8880 CNY'],
    open: [],
  },
};
