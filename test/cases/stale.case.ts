import { expect } from 'vitest';
import { type Case, costs, minutes, told } from './words.ts';

export const story: Case = {
  says: 'a callback that is older than the replay window is refused',
  accounts: { main: { credentials: { replay_window_s: 300 } } },
  once: true,
  does: [costs(8880), told('payment.succeeded', 'P1', { seal: { replay_window_s: 300 }, sealedAgoMs: minutes(10) })],
  gives: {
    order: { status: 'pending' },
    answers: ['order 201', expect.stringMatching(/^40[01] /)],
    sent: [],
    open: [],
  },
};
