import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'every payment of the order was closed by its platform',
  does: [costs(8880), told('payment.closed', 'P1'), told('payment.closed', 'P2')],
  gives: { order: { status: 'closed' }, open: [] },
};
