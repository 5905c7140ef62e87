import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'the merchant takes back the account on which money has arrived',
  accounts: { other: {} },
  does: [costs(9000), told('payment.succeeded', 'P1'), costs(8880, { on: ['other'] })],
  gives: {
    order: { status: 'pending', captured_minor: 0 },
    sent: ['discrepancy_opened 8880 CNY'],
    open: ['wrong_account'],
  },
};
