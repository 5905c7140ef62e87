import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a platform tells only what is refunded in all, and the latest comes first',
  accounts: { main: { by: 'alipay' } },
  does: [
    costs(8880),
    told('payment.succeeded', '2026010522001400000001'),
    told('refund.succeeded', '2026010522001400000001', { operation: 'R2', amount: 2000, total: 5000 }),
    told('refund.succeeded', '2026010522001400000001', { operation: 'R1', amount: 3000, total: 3000 }),
  ],
  gives: { order: { status: 'paid', refunded_minor: 5000 }, sent: ['success 8880 CNY', 'refund 5000 CNY'], open: [] },
};
