const manualOrRefund = ['manual', 'refund'] as const;

/** What a merchant can say of money that does not fit; without choices an amount is asked for. */
export const policies = [
  { name: 'late_payment', choices: ['manual', 'refund', 'reopen'] },
  { name: 'double_payment', choices: manualOrRefund },
  { name: 'underpaid', choices: manualOrRefund },
  { name: 'wrong_currency', choices: manualOrRefund },
  { name: 'wrong_account', choices: manualOrRefund },
  { name: 'overpaid_tolerance_minor', choices: null },
] as const;
export type PolicyName = (typeof policies)[number]['name'];
