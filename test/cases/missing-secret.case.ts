import { type Case, costs, told } from './words.ts';

export const story: Case = {
  says: 'a callback signed with a secret that is added later is taken then',
  does: [
    costs(8880),
    told('payment.succeeded', 'P1', { seal: { api_secrets: ['the-new-secret-of-the-shop'] } }),
    { is: 'secrets', credentials: { api_secrets: ['the-new-secret-of-the-shop'] } },
    { is: 'wait', until: ({ order }) => order.status === 'paid' },
  ],
  gives: {
    order: { status: 'paid', captured_minor: 8880 },
    verdicts: ['verified'],
    sent: ['success 8880 CNY'],
    open: [],
  },
};
