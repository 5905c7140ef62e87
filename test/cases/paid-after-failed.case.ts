import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'the buyer fails once, tries again, and pays',
  does: [costs(8880), told('payment.failed', 'P1'), told('payment.succeeded', 'P2')],
  gives: { order: { status: 'paid', captured_minor: 8880 }, sent: ['failed 8880 CNY', 'success 8880 CNY'], open: [] },
};
