import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'the order becomes dearer after it was paid',
  does: [costs(8880), told('payment.succeeded', 'P1'), costs(9880)],
  gives: {
    order: { status: 'underpaid', captured_minor: 8880 },
    answers: ['order 201', '200 {"status":"ok"}', 'order 200'],
    sent: ['success 8880 CNY'],
  },
};
