import {
  type Icon,
  IconAlertTriangle,
  IconBell,
  IconBuildingStore,
  IconFingerprint,
  IconFlask,
  IconHistory,
  IconInbox,
  IconKey,
  IconLayoutDashboard,
  IconPlugConnected,
  IconReceipt,
  IconScale,
  IconSend,
  IconSettings,
  IconWebhook,
} from '@tabler/icons-react';
import type { Session } from '../../src/api/sessions.ts';
import { mayPlay } from '../pages/sandbox/sandbox-api.ts';
import type { frameTexts } from '../texts/frame.ts';

interface NavigationItem {
  to: string;
  text: keyof typeof frameTexts.en;
  icon: Icon;
  /** Where not everybody has it. */
  when?: (session: Session) => boolean;
}

const isAdmin = ({ role }: Session) => role === 'admin';

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
    text: 'nav.setup',
    items: [
      { to: '/merchants', text: 'merchants', icon: IconBuildingStore },
      { to: '/accounts', text: 'accounts', icon: IconPlugConnected },
      { to: '/endpoints', text: 'endpoints', icon: IconWebhook },
    ],
  },
  {
    text: 'nav.tools',
    items: [
      { to: '/verify', text: 'verify', icon: IconFingerprint },
      { to: '/sandbox', text: 'sandbox', icon: IconFlask, when: mayPlay },
    ],
  },
  {
    text: 'nav.access',
    items: [
      { to: '/keys', text: 'keys', icon: IconKey, when: isAdmin },
      { to: '/actions', text: 'actions', icon: IconHistory },
      { to: '/settings', text: 'settings', icon: IconSettings, when: isAdmin },
    ],
  },
];
