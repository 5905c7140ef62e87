import { isDiscrepancyKind } from '../domain/discrepancy.ts';
import { asId } from '../domain/ids.ts';
import type { Decision, StoredDiscrepancy } from './kept.ts';
import { bigintOrNull, flag, number, numberOrNull, type Row, text, textOrNull } from './mapping.ts';

const states = ['open', 'resolved', 'ignored', 'accepted'] as const;

export const discrepancyColumns =
  'd.seq, d.id, d.merchant, d.order_id, d.key, d.kind, d.blocks, d.why, cast(d.amount_minor as text) as amount_minor, d.currency, d.state, d.opened_at, d.closed_at, d.assigned_to, d.assigned_at, d.decision';
export function discrepancyOf(row: Row): StoredDiscrepancy {
  const order = textOrNull(row, 'order_id');
  const kind = text(row, 'kind');
  const state = states.find((one) => one === text(row, 'state'));
  if (!isDiscrepancyKind(kind) || state === undefined) throw new TypeError(`a discrepancy of the kind ${kind}`);
  const [assignedTo, decision] = [textOrNull(row, 'assigned_to'), textOrNull(row, 'decision')];
  return {
    id: asId.discrepancy(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    order: order === null ? null : asId.order(order),
    key: text(row, 'key'),
    kind,
    blocks: flag(row, 'blocks'),
    why: text(row, 'why'),
    amountMinor: bigintOrNull(row, 'amount_minor'),
    currency: textOrNull(row, 'currency'),
    state,
    openedAt: number(row, 'opened_at'),
    closedAt: numberOrNull(row, 'closed_at'),
    assigned: assignedTo === null ? null : { to: assignedTo, at: number(row, 'assigned_at') },
    decision: decision === null ? null : decisionFromJson(decision),
  };
}

export function decisionToJson(decision: Decision): string {
  return JSON.stringify({ ...decision, amountMinor: decision.amountMinor && String(decision.amountMinor) });
}

function decisionFromJson(json: string): Decision {
  const kept: Omit<Decision, 'amountMinor'> & { amountMinor: string | null } = JSON.parse(json);
  return { ...kept, amountMinor: kept.amountMinor === null ? null : BigInt(kept.amountMinor) };
}
