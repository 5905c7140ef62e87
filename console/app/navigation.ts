import {
  type Icon,
  IconAlertTriangle,
  IconBell,
  IconHistory,
  IconInbox,
  IconKey,
  IconLayoutDashboard,
  IconReceipt,
  IconScale,
  IconSend,
  IconSettings,
} from '@tabler/icons-react';
import type { frameTexts } from '../texts/frame.ts';

interface NavigationItem {
  to: string;
  text: keyof typeof frameTexts.en;
  icon: Icon;
  /** Only for this role. */
  role?: 'admin';
}

/** What the menu leads to, by groups; a page is added here, in `routes.tsx` and in `texts/frame.ts`. */
export const navigation: readonly { text: keyof typeof frameTexts.en | null; items: readonly NavigationItem[] }[] = [
  { text: null, items: [{ to: '/', text: 'overview', icon: IconLayoutDashboard }] },
  {
    text: 'nav.money',
    items: [
      { to: '/orders', text: 'orders', icon: IconReceipt },
      { to: '/discrepancies', text: 'discrepancies', icon: IconAlertTriangle },
      { to: '/reconciliations', text: 'reconciliations', icon: IconScale },
    ],
  },
  {
    text: 'nav.traffic',
    items: [
      { to: '/callbacks', text: 'callbacks', icon: IconInbox },
      { to: '/deliveries', text: 'deliveries', icon: IconSend },
      { to: '/alerts', text: 'alerts', icon: IconBell },
    ],
  },
  {
    text: 'nav.access',
    items: [
      { to: '/keys', text: 'keys', icon: IconKey, role: 'admin' },
      { to: '/actions', text: 'actions', icon: IconHistory },
      { to: '/settings', text: 'settings', icon: IconSettings, role: 'admin' },
    ],
  },
];
