import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'the platform sends the same payment three times',
  does: [costs(8880), told('payment.succeeded', 'P1', { copies: 3 })],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    answers: ['order 201', '200 {"status":"ok"}', '200 {"status":"ok"}', '200 {"status":"ok"}'],
    verdicts: ['verified', 'duplicate', 'duplicate'],
    sent: ['success 8880 CNY'],
    open: [],
  },
};
