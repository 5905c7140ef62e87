import type { Line } from './report.ts';
import { type Bench, closed, onProduct, slice } from './scenarios.ts';
import * as traffic from './traffic.ts';

/** Notifications in one request, and requests at once: more would be refused, as more than can wait for the store. */
const size = 100;
const connections = 16;

/** Publishes that come by the hundred, to an endpoint that takes them, until all are confirmed and recorded. */
export async function batches(given: Bench, concurrency: number): Promise<Line[]> {
  const bench = { ...given, sizes: { ...given.sizes, connections } };
  const { sizes, sink, sinkPort } = bench;
  return onProduct(bench, async (product) => {
    await traffic.addEndpoint(product, sinkPort, concurrency);
    const [warm, count] = [Math.ceil(sizes.warmUp / size), Math.ceil(sizes.publishes / size)];
    const requests = traffic.publishBatches(product, traffic.orderNumbers('b', (warm + count) * size), size);
    await closed(bench, product.port, slice(requests, 0, warm));
    await product.confirmed('sending', warm * size);
    const { sentAt, durationMs, statuses } = await closed(bench, product.port, slice(requests, warm));
    const recordedAt = await product.confirmed('sending', (warm + count) * size);
    if (statuses[202] !== count) throw new Error(`not every batch was taken: ${JSON.stringify(statuses)}`);
    const { posts } = await sink.call('seen', null);
    return [
      {
        what: `publishes accepted, by the ${size}`,
        perSecond: ((count * size) / durationMs) * 1000,
        note: 'closed loop, deliveries beside them',
      },
      {
        what: `publish by the ${size} → confirmed → recorded`,
        perSecond: ((count * size) / (recordedAt - (sentAt[0] ?? 0))) * 1000,
        duplicates: posts - (warm + count) * size,
      },
    ];
  });
}
