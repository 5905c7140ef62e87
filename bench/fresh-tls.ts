import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Product } from './product.ts';
import type { Line } from './report.ts';
import { Role, sharedMs } from './role.ts';
import { type Bench, closed, onProduct } from './scenarios.ts';
import type { DialerCalls } from './tls-dialer.ts';
import type { Greeted, HostCalls } from './tls-hosts.ts';
import * as traffic from './traffic.ts';

const certificate = fileURLToPath(new URL('../test/server/fixtures/first.cert.pem', import.meta.url));
const atOnce = 64;
/** Longer than the hosts keep idle connections. */
const idleMs = 12_000;

/** One publish for each of many hosts: by new connections, by the kept ones, and by new ones with the sessions of before. */
export async function freshTls(bench: Bench): Promise<Line[]> {
  const hosts = new Role<HostCalls>('./tls-hosts.ts');
  const dialer = new Role<DialerCalls>('./tls-dialer.ts');
  try {
    const ports = await hosts.call('listen', { hosts: bench.sizes.hosts });
    const body = Buffer.alloc(300, 'x');
    // Another half of the ports warms both sides up.
    await dialer.call('run', { ports: ports.slice(0, ports.length / 2), atOnce, body });
    const bare = await dialer.call('run', { ports, atOnce, body });
    await hosts.call('greeted', null);
    const measured = async (product: Product) => {
      for (const [index, port] of ports.entries()) {
        await traffic.addMerchant(product, `m-${index}`);
        await traffic.addEndpointOf(product, `m-${index}`, { url: `https://127.0.0.1:${port}/sink` });
      }
      await traffic.addMerchant(product, 'warm');
      await traffic.addEndpointOf(product, 'warm', { url: `http://127.0.0.1:${bench.sinkPort}/sink` });
      await closed(
        bench,
        product.port,
        traffic.publishes(product, traffic.orderNumbers('w', ports.length), () => 'warm'),
      );
      await product.confirmed('sending', ports.length);
      const lines: Line[] = [{ what: 'bare TLS handshakes to many hosts, a POST on each', perSecond: bare }];
      for (const [round, what] of ['new connections', 'the kept ones', 'new ones, sessions resumed'].entries()) {
        if (round === 2) await sleep(idleMs);
        const perSecond = await toEach(bench, product, { hosts: ports.length, round: round + 1 });
        const note = noteOf(await hosts.call('greeted', null), perSecond / bare);
        lines.push({ what: `publish to many hosts by TLS → recorded: ${what}`, perSecond, note });
      }
      await bench.sink.call('seen', null);
      return lines;
    };
    return await onProduct(bench, measured, { env: { NODE_EXTRA_CA_CERTS: certificate } });
  } finally {
    hosts.stop();
    dialer.stop();
  }
}

async function toEach(bench: Bench, product: Product, { hosts, round }: { hosts: number; round: number }) {
  const orders = traffic.orderNumbers(`t${round}`, hosts);
  const beganMs = sharedMs();
  await closed(
    bench,
    product.port,
    traffic.publishes(product, orders, (index) => `m-${index}`),
  );
  const recordedAt = await product.confirmed('sending', hosts * (round + 1));
  return (hosts / (recordedAt - beganMs)) * 1000;
}

function noteOf({ handshakes, resumed, posts }: Greeted, share: number): string {
  return `${Math.round(share * 100)} % of bare; ${handshakes} handshakes, ${resumed} of them resumed, for ${posts} posts`;
}
