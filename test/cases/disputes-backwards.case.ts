import { type Case, costs, hours, told } from './words.ts';

export const story: Case = {
  says: 'the stages of a dispute arrive backwards',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1'),
    told('dispute.lost', 'P1', { operation: 'D1' }),
    told('dispute.opened', 'P1', { operation: 'D1', agoMs: hours(2) }),
  ],
  gives: { order: { status: 'paid', disputed_minor: 0, charged_back_minor: 8880 }, open: [] },
};
