import { OpenAPIHono } from '@hono/zod-openapi';
import type { BlankEnv } from 'hono/types';
import { AppError } from '../domain/errors.ts';
import type { Service } from '../service.ts';
import { addAccounts } from './accounts.ts';
import { addActions } from './actions.ts';
import { addAlerts } from './alerts.ts';
import { type Authentication, createAuthentication } from './auth.ts';
import { addCallbackReplays } from './callback-replays.ts';
import { addCallbacks } from './callbacks.ts';
import { addCurrencies } from './currencies.ts';
import { addDeliveries } from './deliveries.ts';
import { addDiscrepancies } from './discrepancies.ts';
import { docsHeaders, docsPage } from './docs-page.ts';
import { addEndpoints } from './endpoints.ts';
import { addFigures } from './figures.ts';
import { addKeys } from './keys.ts';
import { addMerchants } from './merchants.ts';
import { addNotifications } from './notifications.ts';
import { apiDocument } from './openapi.ts';
import { addOrderActions } from './order-actions.ts';
import { addOrders } from './orders.ts';
import { expectedError, problemResponse } from './problem.ts';
import { addProofs } from './proofs.ts';
import { addProviders } from './providers.ts';
import { addPublish } from './publish.ts';
import { addReconciliations } from './reconciliations.ts';
import { addReplays } from './replays.ts';
import { createRoutes } from './route.ts';
import { addSessions } from './sessions.ts';
import { addSettings, type Installation, noInstallation } from './settings.ts';
import { addSignIn, type SignIn } from './sign-in.ts';
import { addStream } from './stream.ts';
import { addTrouble } from './trouble.ts';
import { addVerify } from './verify.ts';

export interface Api {
  /** For a server that puts more beside it. */
  app: OpenAPIHono<BlankEnv>;
  authentication: Authentication;
  fetch(request: Request): Promise<Response>;
}

/** What whoever mounts the API has beside the service. */
export interface Surroundings {
  installation?: Installation | undefined;
  /** The sandbox is mounted beside it. */
  hasSandbox?: boolean;
  /** People sign in without a key. */
  signIn?: SignIn | null;
}

/** The HTTP API over a service: a web-standard application, whoever listens. Callback URLs are not in it. */
export function createApi(
  service: Service,
  { installation = noInstallation, hasSandbox = false, signIn = null }: Surroundings = {},
): Api {
  const app = new OpenAPIHono<BlankEnv>();
  const authentication = createAuthentication(service);
  const routes = createRoutes(app, service, authentication);
  addMerchants(routes);
  addEndpoints(routes);
  addPublish(routes);
  addNotifications(routes);
  addDeliveries(routes);
  addReplays(routes);
  addReconciliations(routes);
  addAccounts(routes);
  addProviders(routes);
  addCallbacks(routes);
  addCallbackReplays(routes);
  addVerify(routes);
  addOrders(routes);
  addOrderActions(routes);
  addDiscrepancies(routes);
  addFigures(routes);
  addTrouble(routes);
  addStream(routes);
  addAlerts(routes);
  addActions(routes);
  addCurrencies(routes);
  addProofs(routes);
  addKeys(routes);
  addSessions(routes, hasSandbox);
  addSettings(routes, installation);
  if (signIn !== null) addSignIn(app, service, signIn);

  // Made when first asked for: it takes longer than everything else at start.
  let made: { document: string; page: string } | null = null;
  const documents = () => {
    made ??= documentsOf(app, service.publicUrl);
    return made;
  };
  app.get(
    '/openapi.json',
    () => new Response(documents().document, { headers: { 'content-type': 'application/json' } }),
  );
  app.get('/docs', () => new Response(documents().page, { headers: docsHeaders }));

  app.notFound((context) => {
    const path = new URL(context.req.url).pathname;
    const methods = methodsAt(app, path);
    if (methods.length === 0)
      return problemResponse(new AppError('request.not_found', 'there is nothing at this path'));
    const error = new AppError('request.method', `${context.req.method.slice(0, 20)} is not allowed here`);
    return problemResponse(error, { allow: methods.join(', ') });
  });
  refuseErrors(app, service);
  return { app, authentication, fetch: async (request) => app.fetch(request) };
}

function refuseErrors(app: OpenAPIHono<BlankEnv>, service: Service): void {
  app.onError((error, context) => {
    const expected = expectedError(error);
    if (expected !== null) {
      const { status } = expected.entry;
      const level = status >= 500 ? 'warn' : 'debug';
      service.observe('api.refused', level, {
        method: context.req.method,
        status,
        code: expected.code,
        detail: expected.detail,
      });
      return problemResponse(expected);
    }
    service.observe('api.failed', 'error', {
      method: context.req.method,
      path: context.req.path,
      error: error.stack ?? String(error),
    });
    return problemResponse(new AppError('server.internal', 'the request could not be served; the log says why'));
  });
}

function documentsOf(app: OpenAPIHono<BlankEnv>, publicUrl: string): { document: string; page: string } {
  const document = apiDocument(app, publicUrl);
  return { document: JSON.stringify(document), page: docsPage(document) };
}

/** The methods of the routes at a path, for the `allow` header. */
function methodsAt(app: OpenAPIHono<BlankEnv>, path: string): string[] {
  const methods = new Set<string>();
  for (const route of app.routes) {
    if (route.method === 'ALL') continue;
    const pattern = route.path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+');
    if (new RegExp(`^${pattern}$`).test(path)) methods.add(route.method);
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods];
}
