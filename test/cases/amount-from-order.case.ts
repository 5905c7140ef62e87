import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'an account whose platform says no amounts takes them from the order',
  accounts: { main: { credentials: { amount: 'from_order' } } },
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { body: (body) => ({ ...body, amount_minor: undefined, currency: undefined }) }),
  ],
  gives: { order: { status: 'paid', captured_minor: 8880 }, sent: ['success 8880 CNY'], open: [] },
};
