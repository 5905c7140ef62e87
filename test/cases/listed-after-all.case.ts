import { billed, type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'the bill that missed a payment is given again, with it: nobody has to look any more',
  accounts: { main: { by: 'wechatpay' } },
  does: [
    costs(8880),
    told('payment.succeeded', '4200000000202601050000000001', { atNoon: true }),
    billed(),
    billed({ kind: 'captured', of: '4200000000202601050000000001' }),
  ],
  gives: {
    order: { status: 'paid' },
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY', 'discrepancy_resolved 8880 CNY'],
    open: [],
    ended: ['missing_at_provider'],
  },
};
