import { Hono } from 'hono';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Random } from '../domain/ids.ts';
import type { Provider, Sender } from '../providers/provider.ts';
import type { Store } from '../stores/store.ts';
import type { Claimed } from '../stores/writes.ts';
import { createBooks } from './books.ts';
import { createCashier } from './cashier.ts';
import { createCredentials, sandboxMerchant } from './credentials.ts';
import { asPatient, faultySender } from './faulty-sender.ts';
import { createPayments } from './payments.ts';
import { accountCredentials, createPlatformApis } from './platform-api.ts';
import { createRecords } from './records.ts';
import { createRoutes } from './routes.ts';
import { createScenarios } from './scenarios.ts';
import { createSending } from './sending.ts';
import type { SandboxService, SandboxVault } from './service.ts';
import { createStatements } from './statements.ts';

export interface SandboxOptions {
  store: Pick<Store, 'read' | 'write'>;
  vault: SandboxVault;
  providers: ReadonlyMap<string, Provider>;
  publicUrl: string;
  clock: Clock;
  random: Random;
}

/**
 * The simulated payment platform: a cashier, payments that a person or the API moves, scenarios with faults. It is an ordinary
 * merchant named `sandbox`, so all it sends goes through the same exit as everybody's notifications.
 */
export interface Sandbox {
  /** Everything under `/sandbox`, for `route('/', app)`. Errors come out as AppErrors, for the mounting app to answer. */
  app: Hono;
  /** For `ServiceOptions.wrapSender`: puts the faults of a scenario on what is sealed and on what is made of the answer. */
  wrapSender(sender: Sender, claimed: Claimed): Sender;
  /** Makes the merchant and its credentials where they are missing. Call it once, when the service has started. */
  start(service: SandboxService): Promise<void>;
  /**
   * What an account must be configured with to open what the sandbox sends.
   *
   * @throws AppError `provider.unknown`
   */
  accountCredentials(provider: string): unknown;
}

/** Nothing is made before `start`: the service that sends needs `wrapSender` first. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { store, vault, providers, publicUrl, clock, random } = options;
  let running: SandboxService | null = null;
  const service = (): SandboxService => {
    if (running === null) throw new AppError('store.closed', 'the sandbox has not started');
    return running;
  };
  const records = createRecords(store);
  const credentials = createCredentials({ store, vault, providers, random });
  const sending = createSending({ store, records, credentials, providers, clock, service });
  const payments = createPayments({ records, sending, credentials, providers, publicUrl, clock, random });
  const scenarios = createScenarios({ records, sending, credentials, providers, clock, random });
  const lost = new Map<string, number>();
  const now = () => clock.now();
  const booksOf = (provider: string) => createBooks(provider, { records, payments, now });
  const statements = createStatements({ booksOf, credentials, providers, now });
  const app = new Hono();
  app.route('/', createRoutes({ payments, scenarios, statements, credentials, providers, store, publicUrl, service }));
  app.route('/', createCashier({ payments }));
  const context = () => ({ now: now(), publicUrl, random });
  app.route('/', createPlatformApis({ credentials, booksOf, statements, context }));
  return {
    app,
    wrapSender(sender, claimed) {
      const { merchant, endpoint } = claimed;
      if (merchant !== sandboxMerchant || endpoint === null) return sender;
      const platform = asPatient(sender, providers.get(endpoint.provider)?.profile);
      return endpoint.hidden ? platform : faultySender(platform, claimed, { records, clock, lost });
    },
    async start(started) {
      await credentials.start(started);
      running = started;
    },
    accountCredentials: (provider) => accountCredentials(credentials, provider, publicUrl),
  };
}
