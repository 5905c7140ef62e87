import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { limits } from '../../src/domain/limits.ts';
import { startDev, startServe } from '../../src/server/main.ts';
import { adminKey, startTestServer, type TestServer } from '../support/server.ts';

const quiet = { write: () => {} };
const masterKeyText = Buffer.from(Uint8Array.from({ length: 32 }, (_, index) => (index * 7 + 3) % 251)).toString(
  'base64',
);

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'paidonce-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function started(...options: Parameters<typeof startTestServer>): Promise<TestServer> {
  const server = await startTestServer(...options);
  onTestFinished(() => server.stop());
  return server;
}

describe('a server', () => {
  it('says that it is alive and ready', async () => {
    const server = await started();
    expect(await server.call('GET', '/healthz', undefined, { key: null })).toMatchObject({
      status: 200,
      body: { status: 'alive' },
    });
    expect(await server.call('GET', '/readyz', undefined, { key: null })).toMatchObject({
      status: 200,
      body: { status: 'ready' },
    });
  });

  it('is not ready when its clock and the store’s differ', async () => {
    const clock = { ...systemClock, now: () => systemClock.now() + 2 * limits.clockDriftMs };
    const server = await started({ clock });
    const ready = await server.call('GET', '/readyz', undefined, { key: null });
    expect(ready).toMatchObject({
      status: 503,
      body: { code: 'server.not_ready', detail: expect.stringContaining('differ by') },
    });
  });

  it('shows figures of this node and of the store', async () => {
    const server = await started();
    await server.call('POST', '/v1/merchants', { id: 'shop', name: 'The shop' });
    const added = await server.call('POST', '/v1/accounts', {
      merchant: 'shop',
      provider: 'standard',
      credentials: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] },
    });
    await (await fetch(`${server.url}/callbacks/${added.body.id}`, { method: 'POST', body: '{}' })).text();
    const figures = await server.call('GET', '/metrics', undefined, { key: null });
    expect(figures.status).toBe(200);
    expect(figures.text).toContain('paidonce_callbacks_total{provider="standard",verdict="quarantined"} 1');
    expect(figures.text).toContain('paidonce_funnel_total{side="receiving",step="sent"} 1');
    expect(figures.text).toContain('paidonce_discrepancies_open 0');
    expect(figures.text).toMatch(/paidonce_http_request_duration_seconds_count\{entrance="callbacks",status="401"\} 1/);
  });

  it('shows figures beyond loopback only with a key that sees everything', async () => {
    const server = await started({
      config: {
        host: '0.0.0.0',
        port: 0,
        publicUrl: null,
        trustProxy: [],
        databaseUrl: null,
        databaseDirectUrl: null,
        data: await emptyFolder(),
        allowTargets: [],
        tls: null,
        logLevel: 'silent',
      },
    });
    await server.call('POST', '/v1/merchants', { id: 'shop', name: 'The shop' });
    const made = await server.call('POST', '/v1/keys', { name: 'Limited', scopes: ['read'], merchants: ['shop'] });
    expect((await server.call('GET', '/metrics', undefined, { key: null })).status).toBe(401);
    expect((await server.call('GET', '/metrics', undefined, { key: String(made.body.api_key) })).status).toBe(403);
    expect((await server.call('GET', '/metrics', undefined, { key: adminKey })).status).toBe(200);
  });

  it('logs who was refused, as the trusted proxy names them', async () => {
    const server = await started({
      config: {
        host: '127.0.0.1',
        port: 0,
        publicUrl: null,
        trustProxy: [{ address: '127.0.0.1', prefix: 32 }],
        databaseUrl: null,
        databaseDirectUrl: null,
        data: await emptyFolder(),
        allowTargets: [],
        tls: null,
        logLevel: 'debug',
      },
    });
    await server.call('GET', '/v1/orders', undefined, {
      key: 'wrong',
      headers: { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' },
    });
    expect(server.logged).toContainEqual(
      expect.objectContaining({ msg: 'http.refused', client: '203.0.113.9', status: 401 }),
    );
    expect(JSON.stringify(server.logged)).not.toContain('wrong');
  });

  it('answers with what is mounted, and with problems where nothing is', async () => {
    const app = new Hono().get('/hello', (context) => context.text('hello'));
    const server = await started({ mount: [{ path: '/more', app }] });
    expect((await server.call('GET', '/more/hello', undefined, { key: null })).text).toBe('hello');
    expect((await server.call('GET', '/more/nothing', undefined, { key: null })).body.code).toBe('request.not_found');
    expect((await server.call('POST', '/more/hello', undefined, { key: null })).headers.get('allow')).toBe('GET, HEAD');
  });

  it('keeps everything over a restart, and lets only one process have the folder', async () => {
    const folder = await emptyFolder();
    const config = {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      trustProxy: [],
      databaseUrl: null,
      databaseDirectUrl: null,
      data: folder,
      allowTargets: [],
      tls: null,
      logLevel: 'silent',
    } as const;
    const first = await startTestServer({ config });
    await first.call('POST', '/v1/merchants', { id: 'kept', name: 'Kept' });
    await expect(startTestServer({ config })).rejects.toMatchObject({ code: 'store.locked' });
    await first.stop();
    const second = await started({ config });
    expect((await second.call('GET', '/v1/merchants/kept')).status).toBe(200);
  });

  it('refuses to start with another master key', async () => {
    const folder = await emptyFolder();
    const config = {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      trustProxy: [],
      databaseUrl: null,
      databaseDirectUrl: null,
      data: folder,
      allowTargets: [],
      tls: null,
      logLevel: 'silent',
    } as const;
    await (await startTestServer({ config })).stop();
    const masterKeys = [Uint8Array.from({ length: 32 }, (_, index) => 255 - index)];
    await expect(startTestServer({ config, masterKeys })).rejects.toMatchObject({ code: 'secrets.master_key' });
  });

  it('refuses a port that is taken, naming the settings', async () => {
    const server = await started();
    const config = {
      host: '127.0.0.1',
      port: Number(new URL(server.url).port),
      publicUrl: null,
      trustProxy: [],
      databaseUrl: null,
      databaseDirectUrl: null,
      data: await emptyFolder(),
      allowTargets: [],
      tls: null,
      logLevel: 'silent',
    } as const;
    await expect(startTestServer({ config })).rejects.toMatchObject({
      code: 'config.invalid',
      detail: expect.stringContaining('PAIDONCE_PORT'),
    });
  });

  it('finishes what runs before it stops', async () => {
    const app = new Hono().get('/slow', async (context) => {
      begun();
      await finish;
      return context.text('finished');
    });
    const server = await startTestServer({ mount: [{ path: '/', app }] });
    let begun = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let release = () => {};
    const finish = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answer = server.call('GET', '/slow');
    await running;
    const stopped = server.stop();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    release();
    expect((await answer).text).toBe('finished');
    await stopped;
  });
});

describe('dev', () => {
  it('keeps its keys in the data folder, for its owner alone', async () => {
    const environment = { PAIDONCE_DATA: await emptyFolder(), PAIDONCE_PORT: '0', PAIDONCE_LOG_LEVEL: 'silent' };
    const first = await startDev({ sources: { environment }, log: quiet });
    await first.stop();
    for (const file of ['admin.key', 'master.key']) {
      expect((await stat(join(environment.PAIDONCE_DATA, file))).mode & 0o777).toBe(0o600);
    }
    const second = await startDev({ sources: { environment }, log: quiet });
    onTestFinished(() => second.stop());
    expect(second.adminKey).toBe(first.adminKey);
    expect(second.sandbox).not.toBeNull();
  });
});

describe('serve', () => {
  it('refuses to start without a master key', async () => {
    const environment = { PAIDONCE_DATA: await emptyFolder(), PAIDONCE_PORT: '0' };
    await expect(startServe({ sources: { environment }, log: quiet })).rejects.toMatchObject({
      code: 'config.invalid',
      detail: expect.stringContaining('PAIDONCE_MASTER_KEY'),
    });
  });

  it('makes an admin key at first start, tells it once, and accepts it ever after', async () => {
    const folder = await emptyFolder();
    const environment = {
      PAIDONCE_DATA: folder,
      PAIDONCE_PORT: '0',
      PAIDONCE_LOG_LEVEL: 'silent',
      PAIDONCE_MASTER_KEY: masterKeyText,
    };
    const first = await startServe({ sources: { environment }, log: quiet });
    const key = first.adminKey ?? '';
    expect([first.adminKeyMade, key.length > 30]).toEqual([true, true]);
    await first.stop();
    const second = await startServe({ sources: { environment }, log: quiet });
    onTestFinished(() => second.stop());
    expect([second.adminKeyMade, second.adminKey]).toEqual([false, null]);
    const ask = (authorization: string) =>
      fetch(`${second.url}/v1/keys`, { headers: { authorization: `Bearer ${authorization}` } });
    expect([(await ask(key)).status, (await ask(`${key}x`)).status]).toEqual([200, 401]);
    const names = (await readFile(join(folder, 'paidonce.db'))).includes(key);
    expect(names).toBe(false);
  });
});

describe('HTTPS', () => {
  const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}.pem`, import.meta.url));

  async function open(url: string): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false }, () =>
        resolve(socket),
      );
      socket.once('error', reject);
      onTestFinished(() => void socket.destroy());
    });
  }

  function nameOf(socket: TLSSocket): unknown {
    const certificate: PeerCertificate = socket.getPeerCertificate();
    return certificate.subject.CN;
  }

  async function ask(socket: TLSSocket): Promise<string> {
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    return new Promise((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
  }

  it('takes a changed certificate for new connections and drops none', async () => {
    const folder = await emptyFolder();
    const files = { certificateFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    await copyFile(fixture('first.cert'), files.certificateFile);
    await copyFile(fixture('first.key'), files.keyFile);
    const config = {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      trustProxy: [],
      databaseUrl: null,
      databaseDirectUrl: null,
      data: join(folder, 'data'),
      allowTargets: [],
      tls: files,
      logLevel: 'info',
    } as const;
    const server = await started({ config, tlsPollMs: 20 });
    expect(server.url).toMatch(/^https:/);
    const early = await open(server.url);
    expect([nameOf(early), await ask(early)]).toEqual(['first', expect.stringContaining('200 OK')]);

    // The certificate alone does not fit the key: the present pair stays in use.
    await copyFile(fixture('second.cert'), files.certificateFile);
    await expect.poll(() => server.logged.map(({ msg }) => msg)).toContain('tls.reload_failed');
    expect(nameOf(await open(server.url))).toBe('first');

    await copyFile(fixture('second.key'), files.keyFile);
    await expect.poll(async () => nameOf(await open(server.url))).toBe('second');
    expect(await ask(early)).toContain('200 OK');
  });

  it('refuses to start with files that are no pair', async () => {
    const tls = { certificateFile: fixture('first.cert'), keyFile: fixture('second.key') };
    const config = {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      trustProxy: [],
      databaseUrl: null,
      databaseDirectUrl: null,
      data: await emptyFolder(),
      allowTargets: [],
      tls,
      logLevel: 'silent',
    } as const;
    await expect(startTestServer({ config })).rejects.toMatchObject({ code: 'config.invalid' });
  });
});
