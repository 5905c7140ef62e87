import { type DestinationStream, type Logger, pino } from 'pino';
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../domain/clock.ts';
import { type Step, stepRank, steps } from '../domain/delivery.ts';
import { keptAnswers } from '../domain/kept-answers.ts';
import { limits } from '../domain/limits.ts';
import type { Observe, Signal } from '../domain/observe.ts';
import type { Gauges } from '../stores/reads.ts';
import type { LogLevel } from './settings.ts';

/** How a server is watched from outside: lines of log, and figures. */
export interface Observation {
  observe: Observe;
  /** The figures as Prometheus reads them, `others` added to this process's. `gauges` is asked at most every 15 s. */
  metrics(gauges: () => Promise<Gauges>, others?: readonly Figures[]): Promise<string>;
  /** What this process counted, for another one that adds it up. */
  figures(): Promise<Figures>;
  /** One request was answered in full. */
  answered(entrance: 'api' | 'callbacks', status: number, durationMs: number): void;
}

/** What one process counted. */
export interface Figures {
  counts: Counts;
  memoryBytes: number;
}

/** Counters and histograms, which add up over processes. */
export type Counts = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** The content type of /metrics. */
export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;

export async function sumOf(counts: readonly Counts[]): Promise<Counts> {
  return AggregatorRegistry.aggregate([...counts]).getMetricsAsJSON();
}

/** Each signal as a log line, and those that count as figures: the one place that knows both. */
export function createObservation(options: { level: LogLevel; log: DestinationStream; clock: Clock }): Observation {
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, options.log);
  const figures = createInstruments(options.clock);
  return {
    observe(name, level, fields) {
      figures.signals.inc({ name, level });
      count(figures, name, fields);
      write(logger, name, level, fields);
    },
    metrics: (gauges, others = []) => figures.text(gauges, others),
    figures: () => figures.own(),
    answered(entrance, status, durationMs) {
      figures.answers.observe({ entrance, status }, durationMs / 1000);
    },
  };
}

function write(logger: Logger, name: string, level: Signal['level'], fields: Signal['fields']): void {
  // Fields first: a field that was named like the message would otherwise replace it.
  if (logger.isLevelEnabled(level)) logger[level](fields, name);
}

/** The signals that count, by name; all others only show in the log and in `paidonce_signals_total`. */
function count(figures: Instruments, name: string, fields: Signal['fields']): void {
  switch (name) {
    case 'callback.received':
      figures.callbacks.inc({ provider: label(fields.provider), verdict: label(fields.verdict) });
      reach(figures, 'receiving', receivedStep(fields));
      break;
    case 'callback.acknowledged':
      figures.funnel.inc({ side: 'receiving', step: 'confirmed' }, Number(fields.callbacks ?? 1));
      break;
    case 'delivery.attempted': {
      const target = label(fields.target);
      figures.attempts.observe({ target, verdict: label(fields.verdict) }, Number(fields.durationMs ?? 0) / 1000);
      const side = sideOf(target);
      if (side !== null) reach(figures, side, stepOf(fields.step));
      break;
    }
    case 'ask.answered':
      figures.asks.inc({
        reason: label(fields.reason),
        came: label(fields.came),
        found: String(fields.found === true),
      });
      break;
    case 'reconciliation.ended':
      figures.statementRows.inc({ agrees: 'true' }, Number(fields.matched ?? 0));
      figures.statementRows.inc({ agrees: 'false' }, Number(fields.differences ?? 0));
      break;
    case 'delivery.rescued':
      figures.rescued.inc(Number(fields.deliveries ?? 1));
      break;
  }
}

/** Effects have no funnel of their own: what they reach lies outside. */
function sideOf(target: string): 'sending' | 'handlers' | null {
  if (target === 'endpoint') return 'sending';
  return target === 'handler' ? 'handlers' : null;
}

function reach(figures: Instruments, side: string, furthest: Step): void {
  for (const step of steps.slice(0, stepRank(furthest) + 1)) figures.funnel.inc({ side, step });
}

/** A callback counts up to what its commit says; that its acknowledgement was written is a signal of its own. */
function receivedStep(fields: Signal['fields']): Step {
  if (typeof fields.step === 'string') return stepOf(fields.step);
  const { verdict, code } = fields;
  if (code === 'request.too_large' || code === 'request.incomplete') return 'total';
  if (verdict === 'refused' || verdict === 'quarantined') return 'sent';
  return verdict === 'unreadable' ? 'received' : 'handled';
}

function stepOf(text: unknown): Step {
  return steps.find((step) => step === text) ?? 'total';
}

function label(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

type Instruments = ReturnType<typeof createInstruments>;

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

function createInstruments(clock: Clock) {
  const counts = new Registry();
  const states = new Registry();
  const kept = keptAnswers<Gauges>(() => limits.gaugesMs);
  const gauges = storeGauges([states]);
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory, of all processes together.',
    registers: [states],
  });
  const own = async (): Promise<Figures> => ({
    counts: await counts.getMetricsAsJSON(),
    memoryBytes: process.memoryUsage.rss(),
  });
  return {
    own,
    ...countsOf([counts]),
    async text(read: () => Promise<Gauges>, others: readonly Figures[]): Promise<string> {
      gauges(await kept.of('', clock, read), clock.now());
      const all = [await own(), ...others];
      memory.set(all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
      const added = AggregatorRegistry.aggregate(all.map((one) => one.counts));
      return `${await added.metrics()}\n${await states.metrics()}`;
    },
  };
}

/** What this process counts itself. */
function countsOf(registers: Registry[]) {
  return {
    funnel: new Counter({
      name: 'paidonce_funnel_total',
      help: "Steps reached, as this node's own commits say.",
      labelNames: ['side', 'step'],
      registers,
    }),
    callbacks: new Counter({
      name: 'paidonce_callbacks_total',
      help: 'Callbacks recorded by this node.',
      labelNames: ['provider', 'verdict'],
      registers,
    }),
    attempts: new Histogram({
      name: 'paidonce_attempt_duration_seconds',
      help: 'Tries of deliveries by this node.',
      labelNames: ['target', 'verdict'],
      buckets: secondsBuckets,
      registers,
    }),
    answers: new Histogram({
      name: 'paidonce_http_request_duration_seconds',
      help: 'From the first byte of a request to the last of its answer.',
      labelNames: ['entrance', 'status'],
      buckets: secondsBuckets,
      registers,
    }),
    rescued: new Counter({
      name: 'paidonce_leases_rescued_total',
      help: 'Expired leases taken over by this node.',
      registers,
    }),
    asks: new Counter({
      name: 'paidonce_asks_answered_total',
      help: 'Questions to providers that this node recorded an answer to; found: it told something new.',
      labelNames: ['reason', 'came', 'found'],
      registers,
    }),
    statementRows: new Counter({
      name: 'paidonce_statement_rows_total',
      help: 'Rows of bills that this node compared with what was known; what a bill should list and does not counts with those that differ.',
      labelNames: ['agrees'],
      registers,
    }),
    signals: new Counter({
      name: 'paidonce_signals_total',
      help: 'Everything worth a line in the log.',
      labelNames: ['name', 'level'],
      registers,
    }),
  };
}

/** What the store as a whole holds: every node shows the same, so they are read with max(). */
function storeGauges(registers: Registry[]): (read: Gauges, now: number) => void {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const deliveries = gauge('paidonce_deliveries', 'Deliveries that are not final, and dead ones.', ['state']);
  const oldest = gauge('paidonce_oldest_due_age_seconds', 'How long the longest waiting due delivery has been due.');
  const discrepancies = gauge('paidonce_discrepancies_open', 'Open discrepancies.');
  const rescued = gauge('paidonce_rescued_leases', 'Leases that were lost and taken over.');
  const parked = gauge('paidonce_parked_facts', 'Facts whose order is not known yet.');
  const quarantined = gauge('paidonce_quarantined_callbacks', 'Callbacks whose signature did not hold.');
  const outbox = gauge('paidonce_outbox', "What users' transactions left to be applied.");
  const asks = gauge('paidonce_asks', 'What is to be asked of providers, now or later.');
  const oldestAsk = gauge('paidonce_oldest_ask_due_age_seconds', 'How long the longest waiting due ask has been due.');
  const xmin = gauge(
    'paidonce_oldest_xmin_age',
    'PostgreSQL: transactions begun since the oldest snapshot that is still held; vacuum cannot pass it.',
  );
  return (read, now) => {
    deliveries.set({ state: 'pending' }, read.pending);
    deliveries.set({ state: 'sending' }, read.sending);
    deliveries.set({ state: 'dead' }, read.dead);
    oldest.set(secondsSince(read.oldestDueAt, now));
    asks.set(read.asks);
    oldestAsk.set(secondsSince(read.oldestAskDueAt, now));
    discrepancies.set(read.discrepanciesOpen);
    rescued.set(read.rescuedLeases);
    parked.set(read.parkedFacts);
    quarantined.set(read.quarantined);
    if (read.oldestXminAge !== null) xmin.set(read.oldestXminAge);
    outbox.set(read.outbox);
  };
}

function secondsSince(at: number | null, now: number): number {
  return at === null ? 0 : Math.max(0, now - at) / 1000;
}
