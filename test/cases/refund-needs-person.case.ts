import { type Case, costs, told } from './words.ts';

const waitsForBuyer = (body: Record<string, unknown>) => {
  const data = Object(body.data);
  return { ...body, data: { ...data, object: { ...data.object, status: 'requires_action' } } };
};

export const story: Case = {
  says: 'a refund cannot go where the money came from: a person must say where it goes',
  accounts: { main: { by: 'stripe' } },
  does: [
    costs(8880),
    told('payment.succeeded', 'pi_1'),
    told('refund.pending', 'pi_1', { operation: 're_1', body: waitsForBuyer }),
  ],
  gives: {
    order: { status: 'paid', refunded_minor: 0 },
    verdicts: ['verified', 'verified'],
    sent: ['success 8880 CNY', 'refund_pending 8880 CNY', 'discrepancy_opened 8880 CNY'],
    open: ['refund_needs_person'],
  },
};
