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
    path: '/callbacks',
    component: lazyRouteComponent(() => import('../pages/callbacks/callbacks-page.tsx'), 'CallbacksPage'),
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
