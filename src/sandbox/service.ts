import type { Instant } from '../domain/clock.ts';
import type { EndpointId, MerchantId, OrderNo } from '../domain/ids.ts';
import type { ApiKey, Endpoint, Holder } from '../domain/merchant.ts';
import type { NotificationType } from '../domain/notification.ts';

/** What the sandbox needs of the program it lives in. The service fits as it is. */
export interface SandboxService {
  publish(request: SandboxPublish): Promise<{ id: string }>;
  readonly merchants: {
    add(request: { id: string; name: string; credentials: Readonly<Record<string, unknown>> }): Promise<unknown>;
    change(id: MerchantId, request: { credentials: Readonly<Record<string, unknown>> }, by: string): Promise<unknown>;
  };
  readonly endpoints: {
    add(request: SandboxEndpoint): Promise<{ endpoint: Endpoint }>;
    change(id: EndpointId, change: { state: 'paused' | 'enabled' }, by: string): Promise<unknown>;
    remove(id: EndpointId, by: string): Promise<void>;
  };
  readonly apiKeys: {
    /** The key that a bearer token is; `admin` for the admin key; null for an unknown one. */
    find(secret: string): Promise<ApiKey | 'admin' | null>;
  };
  readonly sessions: {
    /** Whom a session stands for; null where it has ended. */
    find(token: string): Promise<{ holder: Holder } | null>;
  };
}

export interface SandboxPublish {
  merchant: MerchantId;
  type: NotificationType;
  orderNo: OrderNo;
  amountMinor: bigint;
  currency: string;
  operationId: string;
  paymentId: string;
  orderAmountMinor: bigint;
  refundedTotalMinor?: bigint;
  occurredAt: Instant;
  idempotencyKey: string;
  notifyUrl?: string;
  provider?: string;
  onlyEndpoint?: EndpointId;
  notBefore?: Instant;
}

export interface SandboxEndpoint {
  merchant: MerchantId;
  url: string;
  provider: string;
  credentials: unknown;
  types: readonly string[];
  /** Milliseconds between tries. */
  schedule: readonly number[];
  concurrency: number;
}

/** Encryption at rest, for the credentials that the sandbox keeps. A vault fits as it is. */
export interface SandboxVault {
  sealCredentials(owner: `merchant:${string}:${string}`, credentials: unknown): Uint8Array;
  openCredentials(owner: `merchant:${string}:${string}`, sealed: Uint8Array): unknown;
}
