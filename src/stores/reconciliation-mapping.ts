import { asId } from '../domain/ids.ts';
import { type Difference, type Reconciliation, reconciliationStates } from '../domain/reconciliation.ts';
import { number, type Row, text, toJson } from './mapping.ts';

type KeptRequest = Pick<Reconciliation, 'by' | 'from' | 'to' | 'file'> & {
  expectedFee?: KeptSide<Reconciliation['expectedFee']>;
};
type KeptProgress = Omit<Reconciliation['progress'], 'tallies' | 'fees' | 'fileBytes'> & {
  fileBytes?: number | null;
  tallies: readonly Kept<Reconciliation['progress']['tallies'][number]>[];
  fees: readonly Kept<Reconciliation['progress']['fees'][number]>[];
};
type KeptOutcome = { failure: Reconciliation['failure']; progress: KeptProgress };
type KeptSide<Side> = Side extends object ? Kept<Side> : Side;
type KeptDifference = Omit<Difference, 'ours' | 'theirs' | 'expectedFeeMinor'> & {
  expectedFeeMinor?: string | null;
  ours: KeptSide<Difference['ours']>;
  theirs: KeptSide<Difference['theirs']>;
};
/** As JSON has it: big integers are text. */
type Kept<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] extends bigint | null ? string | null : T[K] };

export const reconciliationColumns =
  'id, merchant, account, day, request, state, run, next_at, outcome, created_at, updated_at';

export function reconciliationOf(row: Row): Reconciliation {
  const { expectedFee = null, ...request }: KeptRequest = JSON.parse(text(row, 'request'));
  const { failure, progress }: KeptOutcome = JSON.parse(text(row, 'outcome'));
  const kept = text(row, 'state');
  return {
    id: asId.reconciliation(text(row, 'id')),
    merchant: asId.merchant(text(row, 'merchant')),
    account: asId.account(text(row, 'account')),
    day: text(row, 'day'),
    ...request,
    expectedFee: expectedFee && {
      ratePpm: BigInt(expectedFee.ratePpm),
      fixedMinor: BigInt(expectedFee.fixedMinor),
    },
    state: reconciliationStates.find((state) => state === kept) ?? 'failed',
    run: number(row, 'run'),
    nextAt: number(row, 'next_at'),
    progress: {
      ...progress,
      fileBytes: progress.fileBytes ?? null,
      tallies: progress.tallies.map(({ oursMinor, theirsMinor, ...tally }) => ({
        ...tally,
        oursMinor: BigInt(oursMinor),
        theirsMinor: BigInt(theirsMinor),
      })),
      fees: progress.fees.map(({ currency, feeMinor }) => ({ currency, feeMinor: BigInt(feeMinor) })),
    },
    failure,
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
  };
}

/** What of it never changes, as JSON text. */
export function reconciliationRequestJson({ by, from, to, file, expectedFee }: Reconciliation): string {
  return toJson({ by, from, to, file, expectedFee });
}

export function reconciliationOutcomeJson({ failure, progress }: Reconciliation): string {
  return toJson({ failure, progress });
}

export function differenceOf(row: Row): Difference {
  const { ours, theirs, expectedFeeMinor = null, ...difference }: KeptDifference = JSON.parse(text(row, 'body'));
  return {
    ...difference,
    expectedFeeMinor: amountOf(expectedFeeMinor),
    ours: ours && { ...ours, amountMinor: amountOf(ours.amountMinor) },
    theirs: theirs && {
      ...theirs,
      amountMinor: amountOf(theirs.amountMinor),
      feeMinor: amountOf(theirs.feeMinor),
    },
  };
}

function amountOf(kept: string | null): bigint | null {
  return kept === null ? null : BigInt(kept);
}
