import { type Case, later, minutes, opened, told } from './words.ts';

export const story: Case = {
  says: 'money whose order stays unknown is shown to a person after a quarter of an hour',
  does: [told('payment.succeeded', 'P1'), later(minutes(16)), opened('unknown_order')],
  gives: { answers: ['200 {"status":"ok"}'], verdicts: ['parked'], sent: [], open: ['unknown_order'] },
};
