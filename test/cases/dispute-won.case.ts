import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a dispute is opened and won',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('dispute.opened', 'P1', { operation: 'D1' }),
    told('dispute.won', 'P1', { operation: 'D1' }),
  ],
  gives: {
    order: { status: 'paid', disputed_minor: 0, charged_back_minor: 0 },
    sent: ['success 8880 CNY', 'dispute_opened 8880 CNY', 'dispute_won 8880 CNY'],
    open: [],
  },
};
