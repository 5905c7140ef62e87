import { type Case, costs, resolved, told } from './words.ts';

export const story: Case = {
  says: 'a person lets money on the wrong account count',
  accounts: { other: {} },
  does: [
    costs(9000),
    told('payment.succeeded', 'P1'),
    costs(8880, { on: ['other'] }),
    resolved('wrong_account', 'accept'),
  ],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    sent: ['discrepancy_opened 8880 CNY', 'success 8880 CNY'],
    open: [],
    ended: ['wrong_account'],
  },
};
