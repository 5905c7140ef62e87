import { type Case, confirmed, costs, told } from './words.ts';

export const story: Case = {
  says: 'a person confirms a payment that no callback told of, and the callback comes after all',
  does: [costs(8880), confirmed('P1', 8880), told('payment.succeeded', 'P1')],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    answers: ['order 201', 'confirm 202', '200 {"status":"ok"}'],
    verdicts: ['duplicate'],
    sent: ['success 8880 CNY'],
    open: [],
  },
};
