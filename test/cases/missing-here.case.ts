import { billed, type Case, costs } from './words.ts';

export const story: Case = {
  says: 'no callback came and nobody asked: the bill of the day tells the payment, and the order is paid',
  accounts: { main: { by: 'wechatpay' } },
  does: [costs(8880), billed({ kind: 'captured', of: '4200000000202601050000000001' })],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    sent: ['success 8880 CNY'],
    open: [],
    timeline: ['captured 88.80 CNY'],
  },
};
