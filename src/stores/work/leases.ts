import type { Target } from '../../domain/delivery.ts';
import { limits } from '../../domain/limits.ts';
import type { Endpoint } from '../../domain/merchant.ts';
import type { Notification } from '../../domain/notification.ts';
import type { DeliveryWork } from '../delivery-mapping.ts';
import type { Claimed } from '../kept.ts';
import type { Unit } from './unit.ts';

/** How long a delivery stays leased: its target's deadlines and a margin, so that a lease never ends under a running attempt. */
export function leaseMsOf(target: Target, endpoint: Endpoint | null, functionMs: number = limits.handlerMs): number {
  switch (target.kind) {
    case 'endpoint':
      return (
        limits.connectMs +
        (endpoint?.timeoutMs ?? limits.endpointTimeoutMs) +
        limits.responseBodyMs +
        limits.leaseMarginMs
      );
    case 'handler':
      return functionMs + limits.leaseMarginMs;
    case 'effect':
      return Math.max(functionMs, limits.effectMs) + limits.leaseMarginMs;
  }
}

/** A leased delivery with all that its attempt needs. */
export function claimedOf(
  unit: Unit,
  delivery: Pick<DeliveryWork, 'id' | 'merchant' | 'lane' | 'target' | 'url' | 'effect' | 'tries'>,
  lease: {
    number: number;
    leaseMs: number;
    notification: Notification;
    endpoint: Endpoint | null;
    sequenceGap: boolean;
    probe: boolean;
  },
): Claimed {
  const { number, leaseMs, notification, endpoint, sequenceGap, probe } = lease;
  const { merchant, lane, target, url, effect } = delivery;
  const signer = endpoint?.hidden ? unit.directory.merchant(unit.rows, merchant) : null;
  return {
    delivery: delivery.id,
    merchant,
    lane,
    target,
    number,
    triesBefore: delivery.tries,
    leaseMs,
    notification,
    endpoint,
    merchantCredentials: endpoint === null ? null : (signer?.credentials[endpoint.provider] ?? null),
    url,
    effect,
    sequenceGap,
    probe,
  };
}

/** The endpoint a delivery goes to; null for functions, and for an endpoint that was removed. */
export function endpointOfTarget(unit: Unit, target: Target): Endpoint | null {
  return target.kind === 'endpoint' ? unit.directory.endpoint(unit.rows, target.id) : null;
}
