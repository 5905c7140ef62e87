import type { Merchant } from '../domain/merchant.ts';
import { defaultPolicy, type OrderHistory, type Policy } from '../domain/order.ts';
import type { StoredFact, StoredOrder } from '../stores/ledger.ts';

/** Everything that an order is folded from, as it is kept. */
export function historyOf(order: StoredOrder, facts: readonly StoredFact[], merchant: Merchant | null): OrderHistory {
  const { expectations, actions, linkConflicts } = order;
  return { expectations, facts, actions, linkConflicts, policy: policyOf(merchant?.policies ?? {}) };
}

function policyOf(policies: Merchant['policies']): Policy {
  const choice = <T extends string>(name: string, values: readonly T[], standard: T): T =>
    values.find((value) => value === policies[name]) ?? standard;
  const manualOrRefund = ['manual', 'refund'] as const;
  const tolerance = policies.overpaid_tolerance_minor;
  return {
    latePayment: choice('late_payment', ['manual', 'refund', 'reopen'] as const, defaultPolicy.latePayment),
    doublePayment: choice('double_payment', manualOrRefund, defaultPolicy.doublePayment),
    overpaidToleranceMinor:
      typeof tolerance === 'number' && Number.isSafeInteger(tolerance)
        ? BigInt(tolerance)
        : defaultPolicy.overpaidToleranceMinor,
    underpaid: choice('underpaid', manualOrRefund, defaultPolicy.underpaid),
    wrongCurrency: choice('wrong_currency', manualOrRefund, defaultPolicy.wrongCurrency),
    wrongAccount: choice('wrong_account', manualOrRefund, defaultPolicy.wrongAccount),
  };
}
