import type { Socket } from 'node:net';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import { LruMap } from '../domain/lru-map.ts';

/** Sessions for resuming TLS, and what certificates were shown. */
export interface TlsSessions {
  /** What to connect with to resume the last session with this host and port, if there is one. */
  optionsFor(key: string): Pick<ConnectionOptions, 'session'>;
  /** Keeps the sessions of a socket made with {@link TlsSessions.optionsFor} of the same key. */
  follow(socket: TLSSocket, key: string): void;
  /** SHA-256 of the certificate that the other side showed, as 64 lower-case hexadecimal digits; null without TLS. */
  certificateOf(socket: Socket): string | null;
}

/** A side that resumes a session shows no certificate again, so the one it began with is kept beside it. */
interface KeptSession {
  session: Buffer;
  certificate: string | null;
}

const sessionsMax = 1000;

/** A session is kept under the name it was verified for: resuming it does not verify the name again. */
export function createTlsSessions(): TlsSessions {
  const sessions = new LruMap<string, KeptSession>(sessionsMax);
  const resumable = new WeakMap<Socket, KeptSession>();
  const certificates = new WeakMap<Socket, string | null>();

  const certificateOf = (socket: Socket): string | null => {
    if (!(socket instanceof TLSSocket)) return null;
    const known = certificates.get(socket);
    if (known !== undefined) return known;
    // Asked once, when the handshake is over: OpenSSL lets go of the certificate when the first session ticket arrives.
    const found = socket.isSessionReused() ? resumable.get(socket)?.certificate : fingerprintOf(socket);
    certificates.set(socket, found ?? null);
    return found ?? null;
  };

  return {
    optionsFor(key) {
      const kept = sessions.get(key);
      return kept === undefined ? {} : { session: kept.session };
    },
    follow(socket, key) {
      const kept = sessions.get(key);
      if (kept !== undefined) resumable.set(socket, kept);
      socket.on('session', (session) => sessions.set(key, { session, certificate: certificateOf(socket) }));
    },
    certificateOf,
  };
}

function fingerprintOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
}
