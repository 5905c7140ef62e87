import { billed, type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a payment was told as paid, and the bill has it as revoked: no fact can say who is right, so a person is to',
  accounts: { main: { by: 'wechatpay' } },
  does: [
    costs(8880),
    told('payment.succeeded', '4200000000202601050000000001', { atNoon: true }),
    billed({ kind: 'closed', of: '4200000000202601050000000001' }),
  ],
  gives: { order: { status: 'paid' }, open: ['statement_differs'] },
};
