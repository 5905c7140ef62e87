import type { FactKind } from '../domain/fact.ts';
import type { NotificationType } from '../domain/notification.ts';

/** What is known of a provider beside its wire format. */
export interface Profile {
  /** How long the provider waits for the acknowledgement. */
  deadlineMs: number;
  /** The provider's published retry schedule, in milliseconds between tries. */
  schedule: readonly number[];
  /** What is not answered in time is lost: the platform sends it never again. Only other failures follow the schedule. */
  givesUpOnTimeout?: true;
  /** The types its format can say. */
  types: readonly NotificationType[];
  /** The currencies its format can say; absent = every one of ISO 4217. */
  currencies?: readonly string[];
  /** Lower-case headers that must not come twice. */
  singleHeaders: readonly string[];
  /** The URL of the callback is part of what is signed. */
  signsUrl?: true;
  /** All current secrets sign, or only the first. */
  rotation: 'all_sign' | 'first';
  /** Methods a callback URL of this provider answers. */
  methods: readonly string[];
  /** Statements about the provider that were not confirmed against its own documentation. */
  unconfirmed: readonly string[];
  /**
   * What of its callbacks no signature covers, so that they are read back before they are believed. `risk` is the name by which an
   * account without a way to ask may accept that (`accept_risk`).
   */
  unsigned?: { risk: string; why: string };
  /** The time zone of its bills' days, as IANA names it; absent: it has no bill that is read. */
  statementZone?: string;
  /** What a day's bill lists whole, so that a fact which is not in it is missing there; absent: its bills are not of a day. */
  statementKinds?: readonly FactKind[];
}
