import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { buildConnector } from 'undici';
import {
  type AddressPolicy,
  guardedLookup,
  needOf,
  type Resolve,
  refusalOfAddress,
  TargetRefused,
} from './address-guard.ts';
import { createTlsSessions, type TlsSessions } from './tls-sessions.ts';

export interface Connector {
  connect: buildConnector.connector;
  certificateOf: TlsSessions['certificateOf'];
  /** Ends connections that are still being made. */
  close(): void;
}

export interface ConnectorOptions {
  policy: AddressPolicy;
  resolve: Resolve;
  /** To resolve the name, connect and shake hands, together. */
  connectMs: number;
  /** Certificate authorities to trust instead of the built-in ones, PEM. */
  ca: string | null;
}

/** The connection was not made in time. */
export class ConnectTimeout extends Error {
  constructor(ms: number) {
    super(`no connection within ${ms} ms`);
    this.name = 'ConnectTimeout';
  }
}

/** How long one address is tried before the next. Node's default of 250 ms is less than a round trip across an ocean. */
const addressAttemptMs = 1000;

/**
 * Makes the sockets of every pool. Undici's own connector is not used: it keeps TLS sessions by weak reference (lost at the
 * next garbage collection), has no lookup per scheme and port, and cannot be closed while it connects.
 */
export function createConnector(options: ConnectorOptions): Connector {
  const connecting = new Set<Socket>();
  const sessions = createTlsSessions();
  const openTls = createTlsOpener(options, sessions);

  const connect: buildConnector.connector = (target, callback) => {
    const refusal = refusalOfLiteral(target, options.policy);
    if (refusal !== null) return process.nextTick(callback, refusal, null);
    const secure = target.protocol === 'https:';
    const socket = secure ? openTls(target) : connectTcp(tcpOptions(target, options));
    connecting.add(socket);
    const timer = setTimeout(() => socket.destroy(new ConnectTimeout(options.connectMs)), options.connectMs);
    const finish = (error: Error | null) => {
      if (!connecting.delete(socket)) return;
      clearTimeout(timer);
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    socket.once(secure ? 'secureConnect' : 'connect', () => finish(null));
    // The listener stays: an error between two requests, when nobody else listens, must not end the process.
    socket.on('error', finish);
    socket.once('close', () => finish(new Error('the connection was closed before it was made')));
  };

  return {
    connect,
    certificateOf: sessions.certificateOf,
    close: () => {
      for (const socket of connecting) socket.destroy(new Error('this client is closed'));
    },
  };
}

function tcpOptions(target: buildConnector.Options, { policy, resolve }: ConnectorOptions): TcpNetConnectOpts {
  return {
    host: target.hostname,
    port: Number(target.port || (target.protocol === 'https:' ? 443 : 80)),
    lookup: guardedLookup(policy, resolve, needOf(target.protocol, target.port)),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: addressAttemptMs,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  };
}

/** Certificates are always verified. One secure context serves all: making one reads every authority's certificate. */
function createTlsOpener(options: ConnectorOptions, sessions: TlsSessions): (target: buildConnector.Options) => Socket {
  let secureContext: SecureContext | null = null;
  return (target) => {
    const authorities = options.ca === null ? {} : { ca: options.ca };
    secureContext ??= createSecureContext({ minVersion: 'TLSv1.2', ...authorities });
    const key = `${target.hostname}:${target.port}`;
    const socket = connectTls({
      ...tcpOptions(target, options),
      ...sessions.optionsFor(key),
      secureContext,
      servername: isIP(target.hostname) === 0 ? target.hostname : '',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
    });
    sessions.follow(socket, key);
    return socket;
  };
}

/** A socket never asks the lookup about an address, so addresses are judged here, again, where the connection is made. */
function refusalOfLiteral(target: buildConnector.Options, policy: AddressPolicy): TargetRefused | null {
  if (isIP(target.hostname) === 0) return null;
  const why = refusalOfAddress(target.hostname, policy, needOf(target.protocol, target.port));
  return why === null ? null : new TargetRefused(why);
}
