import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { PageCrashed, PageMissing } from '../parts/page-states.tsx';
import { Frame } from './frame.tsx';

const root = createRootRoute({ component: Frame, notFoundComponent: PageMissing });

/** Every page, loaded when it is first opened. `$name` in a path is a parameter; see `useParams`. */
const pages = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    component: lazyRouteComponent(() => import('../pages/overview/overview-page.tsx'), 'OverviewPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/orders',
    component: lazyRouteComponent(() => import('../pages/orders/orders-page.tsx'), 'OrdersPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/orders/$merchant/$orderNo',
    component: lazyRouteComponent(() => import('../pages/orders/order-page.tsx'), 'OrderPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/discrepancies',
    component: lazyRouteComponent(() => import('../pages/discrepancies/discrepancies-page.tsx'), 'DiscrepanciesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/deliveries',
    component: lazyRouteComponent(() => import('../pages/deliveries/deliveries-page.tsx'), 'DeliveriesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/deliveries/$id',
    component: lazyRouteComponent(() => import('../pages/deliveries/delivery-page.tsx'), 'DeliveryPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/replays',
    component: lazyRouteComponent(() => import('../pages/replays/replays-page.tsx'), 'ReplaysPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/replays/new',
    component: lazyRouteComponent(() => import('../pages/replays/replay-form-page.tsx'), 'ReplayFormPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/replays/$id',
    component: lazyRouteComponent(() => import('../pages/replays/replay-page.tsx'), 'ReplayPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/callbacks',
    component: lazyRouteComponent(() => import('../pages/callbacks/callbacks-page.tsx'), 'CallbacksPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/merchants',
    component: lazyRouteComponent(() => import('../pages/merchants/merchants-page.tsx'), 'MerchantsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/merchants/$merchant',
    component: lazyRouteComponent(() => import('../pages/merchants/merchant-page.tsx'), 'MerchantPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/accounts',
    component: lazyRouteComponent(() => import('../pages/accounts/accounts-page.tsx'), 'AccountsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/accounts/new',
    component: lazyRouteComponent(() => import('../pages/accounts/new-account-page.tsx'), 'NewAccountPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/accounts/$account',
    component: lazyRouteComponent(() => import('../pages/accounts/account-page.tsx'), 'AccountPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/endpoints',
    component: lazyRouteComponent(() => import('../pages/endpoints/endpoints-page.tsx'), 'EndpointsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/endpoints/new',
    component: lazyRouteComponent(() => import('../pages/endpoints/new-endpoint-page.tsx'), 'NewEndpointPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/endpoints/$endpoint',
    component: lazyRouteComponent(() => import('../pages/endpoints/endpoint-page.tsx'), 'EndpointPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/callbacks/$id',
    component: lazyRouteComponent(() => import('../pages/callbacks/callback-page.tsx'), 'CallbackPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/callback-replays',
    component: lazyRouteComponent(
      () => import('../pages/callback-replays/callback-replays-page.tsx'),
      'CallbackReplaysPage',
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/callback-replays/new',
    component: lazyRouteComponent(
      () => import('../pages/callback-replays/callback-replay-form-page.tsx'),
      'CallbackReplayFormPage',
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/callback-replays/$id',
    component: lazyRouteComponent(
      () => import('../pages/callback-replays/callback-replay-page.tsx'),
      'CallbackReplayPage',
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/verify',
    component: lazyRouteComponent(() => import('../pages/verify/verify-page.tsx'), 'VerifyPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/sandbox',
    component: lazyRouteComponent(() => import('../pages/sandbox/sandbox-page.tsx'), 'SandboxPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/sandbox/$id',
    component: lazyRouteComponent(() => import('../pages/sandbox/played-page.tsx'), 'PlayedPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/reconciliations',
    component: lazyRouteComponent(
      () => import('../pages/reconciliations/reconciliations-page.tsx'),
      'ReconciliationsPage',
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/reconciliations/$id',
    component: lazyRouteComponent(
      () => import('../pages/reconciliations/reconciliation-page.tsx'),
      'ReconciliationPage',
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/alerts',
    component: lazyRouteComponent(() => import('../pages/alerts/alerts-page.tsx'), 'AlertsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/keys',
    component: lazyRouteComponent(() => import('../pages/keys/keys-page.tsx'), 'KeysPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/actions',
    component: lazyRouteComponent(() => import('../pages/actions/actions-page.tsx'), 'ActionsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(() => import('../pages/settings/settings-page.tsx'), 'SettingsPage'),
  }),
];

export function createConsoleRouter() {
  return createRouter({
    routeTree: root.addChildren(pages),
    basepath: '/console',
    defaultPreload: 'intent',
    defaultErrorComponent: PageCrashed,
    scrollRestoration: true,
    // Texts stay texts: an order number of digits is no number.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const text = new URLSearchParams(Object.entries(search).map(([name, value]) => [name, String(value)])).toString();
      return text === '' ? '' : `?${text}`;
    },
  });
}
