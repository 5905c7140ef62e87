import type { Clock } from '../domain/clock.ts';
import { asId } from '../domain/ids.ts';
import type { Notification } from '../domain/notification.ts';
import type { Profile } from '../providers/profile.ts';
import type { Context, RawRequest, Sender } from '../providers/provider.ts';
import type { Claimed } from '../stores/writes.ts';
import { faultsOfTry, staleMs, tampered, wronglySigned } from './faults.ts';
import { type Oddity, oddityOf } from './oddities.ts';
import { type Payment, plannedAt, type Records, type Scenario, type Step } from './records.ts';
import { seeded } from './seeded.ts';

export interface FaultySenderOptions {
  records: Records;
  clock: Clock;
  /** Good acknowledgements of each delivery that were taken for lost so far. */
  lost: Map<string, number>;
}

/** Puts the faults of its step on what a sender seals and on what it makes of the answer. */
export function faultySender(sender: Sender, claimed: Claimed, options: FaultySenderOptions): Sender {
  const { records, clock, lost } = options;
  const endpoint = claimed.endpoint?.id ?? '';
  let step: Step | null = null;
  let oddity: Oddity | null = null;
  const lostBefore = () => lost.get(claimed.delivery) ?? 0;
  /** Whether this try is the odd one. */
  const isOdd = () =>
    oddity !== null &&
    (oddity.when === 'before' ? claimed.triesBefore === 0 : lostBefore() >= (step?.faults.duplicate ?? 1));
  return {
    async seal(notification, context) {
      const owner = await records.ownerOf(endpoint);
      step =
        owner?.steps.find((one) => one.type === notification.type && one.operationId === notification.operationId) ??
        null;
      if (owner === null || step === null) return sender.seal(notification, context);
      await clock.sleep(step.faults.slow_ms);
      oddity = oddityOf(step.faults.oddity, owner.provider, step.type);
      const one = { owner, step, tries: claimed.triesBefore, schedule: claimed.endpoint?.schedule ?? [] };
      const request = await sealFaulty(sender, one, { notification, context });
      return oddity !== null && isOdd() ? oddity.request(request, sender, context) : request;
    },
    judge(answer) {
      const judged = sender.judge(answer);
      // A schedule that runs a thousand times faster must not run into a breaker that does not.
      const judgement = step === null ? judged : { ...judged, sparesTarget: true };
      if (isOdd() && oddity?.when === 'before')
        return { ...judgement, confirmed: false, retry: 'by_schedule', why: `odd on purpose; ${judgement.why}` };
      if (isOdd() && !judgement.confirmed) return { ...judgement, retry: 'stop' };
      const wanted = (step?.faults.duplicate ?? 1) + (oddity?.when === 'after' ? 1 : 0);
      const before = lostBefore();
      if (!judgement.confirmed || before + 1 >= wanted) {
        if (judgement.confirmed) lost.delete(claimed.delivery);
        return judgement;
      }
      lost.set(claimed.delivery, before + 1);
      const [oldest] = lost.keys();
      if (lost.size > deliveriesWatched && oldest !== undefined) lost.delete(oldest);
      return {
        confirmed: false,
        why: `the sandbox takes good acknowledgement ${before + 1} of ${wanted} for lost`,
        retry: 'by_schedule',
        sparesTarget: true,
      };
    },
  };
}

const deliveriesWatched = 10_000;

/** A sender that is no more patient than the real platform. */
export function asPatient(sender: Sender, profile: Pick<Profile, 'givesUpOnTimeout'> | undefined): Sender {
  if (profile?.givesUpOnTimeout !== true) return sender;
  return {
    ...sender,
    judge(answer) {
      const judgement = sender.judge(answer);
      if (answer !== 'timeout') return judgement;
      return { ...judgement, retry: 'stop', why: `${judgement.why}, after which the real platform does not try again` };
    },
  };
}

interface Try {
  owner: Payment | Scenario;
  step: Step;
  tries: number;
  schedule: readonly number[];
}

async function sealFaulty(
  sender: Sender,
  one: Try,
  sealed: { notification: Notification; context: Context },
): Promise<RawRequest> {
  const { owner, step } = one;
  const chance = seeded(owner.route?.seed ?? owner.id);
  const label = `${step.index}:${one.tries}`;
  const wrong = faultsOfTry(step.faults, chance, label);
  const { notification, context } = asPlanned(one, sealed);
  const now = wrong.stale ? context.now - staleMs : context.now;
  let request = await sender.seal(notification, { ...context, now });
  if (wrong.wrongSignature) request = wronglySigned(request);
  return wrong.tamper ? tampered(request, chance, label) : request;
}

/** With `start_at` nothing that is sealed may come from this run: not the id, not the moment, not chance. */
function asPlanned(
  one: Try,
  sealed: { notification: Notification; context: Context },
): { notification: Notification; context: Context } {
  const { owner, step } = one;
  const position = owner.is === 'scenario' ? owner.order.indexOf(step.index) : step.index;
  const at = owner.route === null ? null : plannedAt(owner.route, position);
  if (owner.route === null || at === null) return sealed;
  const chance = seeded(owner.route.seed);
  const waited = one.schedule.slice(0, one.tries).reduce((sum, stepMs) => sum + stepMs, 0);
  return {
    notification: {
      ...sealed.notification,
      id: asId.notification(`ntf_${chance.hex(`notification:${step.index}`, 32)}`),
      sequence: step.index + 1,
      occurredAt: step.occurredAt,
      createdAt: step.occurredAt,
    },
    context: { ...sealed.context, now: at + waited, random: chance.random(`seal:${step.index}:${one.tries}`) },
  };
}
