import { type Context, Hono } from 'hono';
import type { z } from 'zod';
import { toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import { asId } from '../domain/ids.ts';
import { minorToJson } from '../domain/money.ts';
import type { Provider } from '../providers/provider.ts';
import type { DeliveryDetail } from '../stores/reads.ts';
import type { Store } from '../stores/store.ts';
import type { SandboxCredentials } from './credentials.ts';
import { authorized, readJson } from './http.ts';
import { type Move, paymentIdOf } from './moves.ts';
import { oddities, oddityNames } from './oddities.ts';
import type { Payments } from './payments.ts';
import { accountCredentials } from './platform-api.ts';
import type { Payment, Scenario, Step } from './records.ts';
import { moveRequest, parsed, paymentRequest, scenarioRequest } from './requests.ts';
import type { Scenarios } from './scenarios.ts';
import type { SandboxService } from './service.ts';
import type { Statements } from './statements.ts';

export interface RoutesOptions {
  payments: Payments;
  scenarios: Scenarios;
  statements: Statements;
  credentials: SandboxCredentials;
  providers: ReadonlyMap<string, Provider>;
  store: Pick<Store, 'read'>;
  publicUrl: string;
  service(): SandboxService;
}

const moves = ['pay', 'fail', 'close', 'refund', 'dispute', 'reverse'] as const;

/** The simulated platform's paths. Errors are thrown as AppErrors, for whoever mounts this. */
export function createRoutes(options: RoutesOptions): Hono {
  const { payments, scenarios, statements, credentials, publicUrl } = options;
  const app = new Hono();
  app.use('/sandbox/payments/*', (context, next) => authorized(context, options.service()).then(next));
  app.use('/sandbox/scenarios/*', (context, next) => authorized(context, options.service()).then(next));
  app.use('/sandbox/credentials/*', (context, next) => authorized(context, options.service()).then(next));
  app.use('/sandbox/statements/*', (context, next) => authorized(context, options.service()).then(next));
  app.use('/sandbox/providers', (context, next) => authorized(context, options.service()).then(next));

  app.get('/sandbox/providers', (context) =>
    answer(context, { data: [...options.providers.values()].map(playedJson) }),
  );

  app.post('/sandbox/payments', async (context) => {
    const payment = await payments.open(parsed(paymentRequest, await readJson(context)));
    return answer(context, paymentJson(payment, publicUrl), 201);
  });
  app.get('/sandbox/payments/:id', async (context) =>
    answer(context, paymentJson(await payments.find(context.req.param('id')), publicUrl)),
  );
  for (const move of moves) {
    app.post(`/sandbox/payments/:id/${move}`, async (context) => {
      const request = parsed(moveRequest, await readJson(context));
      const payment = await payments.move(context.req.param('id'), moveOf(move, request), request.faults);
      return answer(context, paymentJson(payment, publicUrl));
    });
  }
  app.post('/sandbox/scenarios', async (context) => {
    const scenario = await scenarios.run(parsed(scenarioRequest, await readJson(context)));
    return answer(context, await scenarioJson(scenario, options.store), 201);
  });
  app.get('/sandbox/scenarios/:id', async (context) =>
    answer(context, await scenarioJson(await scenarios.find(context.req.param('id')), options.store)),
  );
  app.get('/sandbox/statements/:provider/:day', async (context) => {
    const { provider, day } = context.req.param();
    const file = await statements(provider, day);
    if (file === null) throw new AppError('statement.absent', `${day} has not begun`);
    context.header('content-type', 'application/octet-stream');
    return context.body(Uint8Array.from(file));
  });
  app.get('/sandbox/credentials/:provider', (context) => {
    const provider = context.req.param('provider');
    return answer(context, { provider, account: accountCredentials(credentials, provider, publicUrl) });
  });
  return app;
}

function moveOf(
  move: (typeof moves)[number],
  request: Pick<z.output<typeof moveRequest>, 'amount_minor' | 'idempotency_key' | 'stage'>,
): Move {
  switch (move) {
    case 'refund':
      return {
        is: move,
        amountMinor: request.amount_minor ?? null,
        ...(request.idempotency_key === undefined ? {} : { key: request.idempotency_key }),
      };
    case 'dispute':
      return { is: move, stage: request.stage };
    default:
      return { is: move };
  }
}

function answer(context: Context, body: object, status: 200 | 201 = 200): Response {
  context.header('cache-control', 'no-store');
  return context.json(body, status);
}

/** What of a provider can be played. */
function playedJson({ name, profile }: Provider): object {
  return {
    name,
    types: profile.types,
    currencies: profile.currencies ?? null,
    oddities: oddityNames.filter((one) => oddities[one].provider === name),
  };
}

function paymentJson(payment: Payment, publicUrl: string): object {
  return {
    id: payment.id,
    provider: payment.provider,
    account: payment.account,
    order_no: payment.orderNo,
    amount_minor: minorToJson(payment.amountMinor),
    currency: payment.currency,
    notify_url: payment.notifyUrl,
    return_url: payment.returnUrl,
    state: payment.state,
    refunded_minor: minorToJson(payment.refundedMinor),
    dispute: payment.dispute,
    payment_id: paymentIdOf(payment),
    cashier_url: cashierUrl(publicUrl, payment.id),
    created_at: toIso(payment.createdAt),
    faults: payment.faults,
    time_scale: payment.timeScale,
    notifications: payment.steps.map((step) => stepJson(step)),
  };
}

export function cashierUrl(publicUrl: string, id: string): string {
  return `${publicUrl}/sandbox/cashier/${id}`;
}

async function scenarioJson(scenario: Scenario, store: Pick<Store, 'read'>): Promise<object> {
  const sent = await Promise.all(scenario.order.map((index) => sentJson(scenario.steps[index], store)));
  return {
    id: scenario.id,
    scenario: scenario.scenario,
    provider: scenario.provider,
    notify_url: scenario.notifyUrl,
    order_no: scenario.orderNo,
    amount_minor: minorToJson(scenario.amountMinor),
    currency: scenario.currency,
    faults: scenario.faults,
    seed: scenario.route.seed,
    start_at: scenario.route.startAt === null ? null : toIso(scenario.route.startAt),
    time_scale: scenario.route.timeScale,
    created_at: toIso(scenario.createdAt),
    state: sent.every(({ ended }) => ended) ? 'finished' : 'running',
    /** In the order in which they are sent. */
    sent: sent.map(({ json }) => json),
  };
}

async function sentJson(step: Step | undefined, store: Pick<Store, 'read'>): Promise<{ ended: boolean; json: object }> {
  if (step === undefined) return { ended: true, json: {} };
  if (step.notification === null) return { ended: step.unsent !== null, json: { ...stepJson(step), deliveries: [] } };
  const found = await store.read('notification', asId.notification(step.notification));
  const deliveries = found?.deliveries ?? [];
  const ended = deliveries.every(({ state }) => ['confirmed', 'dead', 'canceled'].includes(state));
  return { ended, json: { ...stepJson(step), deliveries: deliveries.map(deliveryJson) } };
}

function stepJson(step: Step): object {
  return {
    index: step.index,
    type: step.type,
    payment_id: step.paymentId,
    operation_id: step.operationId,
    amount_minor: minorToJson(step.amountMinor),
    occurred_at: toIso(step.occurredAt),
    /** null: nothing was sent, and `unsent` says why. */
    notification: step.notification,
    unsent: step.unsent,
  };
}

function deliveryJson(delivery: DeliveryDetail): object {
  return {
    id: delivery.id,
    state: delivery.state,
    due_at: delivery.dueAt === null ? null : toIso(delivery.dueAt),
    attempts: delivery.tries.map((attempt) => ({
      number: attempt.number,
      started_at: toIso(attempt.startedAt),
      duration_ms: attempt.durationMs,
      step: attempt.step,
      status: attempt.status,
      error: attempt.error,
      request:
        attempt.request === null ? null : { headers: attempt.request.headers, body_sha256: attempt.request.bodySha256 },
      answer: attempt.response === null ? null : Buffer.from(attempt.response.body).toString(),
    })),
  };
}
