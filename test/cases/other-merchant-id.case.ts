import { expect } from 'vitest';
import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'an authentic callback for another app of the merchant is refused',
  accounts: { main: { by: 'alipay' } },
  does: [costs(8880), told('payment.succeeded', 'P1', { seal: { app_id: '2021000000000099' } })],
  gives: {
    order: { status: 'pending' },
    answers: ['order 201', expect.stringMatching(/^\d+ fail/)],
    verdicts: ['refused'],
    sent: [],
    open: [],
  },
};
