import { billed, type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a payment was told, and the bill of its day does not list it: a person is to look',
  accounts: { main: { by: 'wechatpay' } },
  does: [costs(8880), told('payment.succeeded', '4200000000202601050000000001', { atNoon: true }), billed()],
  gives: {
    order: { status: 'paid' },
    sent: ['success 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['missing_at_provider'],
  },
};
