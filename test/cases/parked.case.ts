import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'money arrives before anybody announced its order, and waits for it',
  does: [told('payment.succeeded', 'P1'), costs(8880)],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    answers: ['200 {"status":"ok"}', 'order 201'],
    verdicts: ['verified'],
    sent: ['success 8880 CNY'],
    open: [],
  },
};
