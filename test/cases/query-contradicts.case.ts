import { type Case, confirmed, costs } from './words.ts';

export const story: Case = {
  says: 'a person confirms a payment of which the platform knows nothing: refused, and where she insists kept in sight',
  accounts: { main: { by: 'stripe', answers: true } },
  does: [costs(8880), confirmed('pi_1', 8880), confirmed('pi_1', 8880, { override: true })],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    answers: ['order 201', 'confirm 409', 'confirm 202'],
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['query_contradicts'],
  },
};
