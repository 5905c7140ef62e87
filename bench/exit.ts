import type { Line } from './report.ts';
import { Role } from './role.ts';
import { type Bench, closed, costOf, onProduct, perSecond, rateOf, slice } from './scenarios.ts';
import type { SignerCalls } from './signer.ts';
import * as traffic from './traffic.ts';

/** Callbacks while what they lead to is sent to an endpoint: entrance and exit share the cores. */
export async function callbacksWithExit(bench: Bench, concurrency: number, b: number | null): Promise<Line> {
  const { sizes, sink, sinkPort } = bench;
  const payer = traffic.payer('hmac');
  return onProduct(bench, async (product) => {
    const path = await traffic.addAccount(product, payer);
    await traffic.addEndpoint(product, sinkPort, concurrency);
    const orders = traffic.orderNumbers('e', sizes.warmUp + sizes.callbacks);
    const requests = await traffic.callbacks(payer, path, orders);
    await closed(bench, product.port, traffic.expectations(product, orders));
    await closed(bench, product.port, slice(requests, 0, sizes.warmUp));
    await product.confirmed('sending', sizes.warmUp);
    const rate = await rateOf(product, () => closed(bench, product.port, slice(requests, sizes.warmUp)));
    const { confirmed } = await product.funnel('sending');
    await product.confirmed('sending', orders.length);
    const { ids, posts } = await sink.call('seen', null);
    return {
      what: 'callbacks (hmac) with the exit running',
      perSecond: rate.perSecond,
      cpuUs: rate.cpuUs,
      ...(b === null ? {} : { ofB: rate.perSecond / b }),
      loss: orders.length - ids.length,
      duplicates: posts - ids.length,
      note: `${Math.round(((confirmed - sizes.warmUp) / sizes.callbacks) * 100)} % of their notifications confirmed meanwhile; cpu: ${rate.threads}`,
    };
  });
}

/** Publishes in a format that takes an RSA signature for each, beside what signing alone could do. */
export async function signedPublishes(bench: Bench, concurrency: number): Promise<Line[]> {
  const { sizes, sink, sinkPort } = bench;
  const signer = new Role<SignerCalls>('./signer.ts');
  const signs = await signer.call('run', { signatures: sizes.publishes }).finally(() => signer.stop());
  return onProduct(bench, async (product) => {
    await traffic.addEndpoint(product, sinkPort, concurrency, traffic.rsaSender());
    const orders = traffic.orderNumbers('r', sizes.warmUp + sizes.publishes);
    const requests = traffic.publishes(product, orders);
    await closed(bench, product.port, slice(requests, 0, sizes.warmUp));
    await product.confirmed('sending', sizes.warmUp);
    const before = product.cpuMs();
    const accepted = await closed(bench, product.port, slice(requests, sizes.warmUp));
    const recordedAt = await product.confirmed('sending', orders.length);
    const { cpuUs, threads } = costOf(before, product.cpuMs(), sizes.publishes);
    const { posts } = await sink.call('seen', null);
    const rate = (sizes.publishes / (recordedAt - (accepted.sentAt[0] ?? 0))) * 1000;
    return [
      { what: 'RSA-2048 signatures alone, in the thread pool', perSecond: signs },
      {
        what: 'publish (wechatpay) → confirmed → recorded',
        perSecond: rate,
        cpuUs,
        duplicates: posts - orders.length,
        note: `${Math.round((rate / signs) * 100)} % of the sign rate; ${Math.round(perSecond(accepted))}/s accepted; cpu: ${threads}`,
      },
    ];
  });
}
