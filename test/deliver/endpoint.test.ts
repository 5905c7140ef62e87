import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { createHttp } from '../../src/outbound/http-client.ts';
import type { Sender } from '../../src/providers/provider.ts';
import { type Bench, createBench, only, plainSender } from './support.ts';
import { FakeClock, until } from './time.ts';

describe('a delivery to an endpoint', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench();
  });
  afterEach(() => bench.close());

  it('is confirmed by the first valid answer, born leased or claimed alike', async () => {
    await bench.addEndpoint('/a');
    const worker = await bench.startWorker();
    const born = only((await bench.publish('1', { through: worker })).deliveries);
    const claimed = only((await bench.publish('2')).deliveries);
    expect([born.state, claimed.state]).toEqual(['sending', 'pending']);
    for (const { id } of [born, claimed]) {
      const detail = await bench.reaches(id, 'confirmed');
      expect(detail.tries).toMatchObject([
        { number: 1, step: 'confirmed', status: 200, error: null, peer: '127.0.0.1' },
      ]);
    }
    expect(bench.sink.arrived).toHaveLength(2);
  });

  it('keeps what was sent and what was answered', async () => {
    bench.sink.answer = () => ({ body: 'x'.repeat(limits.responseBytesKept + 1), headers: { 'x-answer': 'yes' } });
    await bench.addEndpoint('/a');
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    const { tries } = await bench.reaches(id, 'confirmed');
    const { request, response } = only(tries);
    const sent = JSON.stringify({ id: bench.sink.arrived[0]?.id, order: '1', sequence: 1 });
    expect(request?.bodySha256).toBe(createHash('sha256').update(sent).digest('hex'));
    expect(request?.headers).toContainEqual(['content-type', 'application/json']);
    expect(response?.headers).toContainEqual(['x-answer', 'yes']);
    expect(response).toMatchObject({ truncated: true, body: { length: limits.responseBytesKept } });
  });

  it("adds what its format says in the query to the endpoint's own", async () => {
    const sender: Sender = {
      ...plainSender,
      seal: async (notification, context) => ({
        ...(await plainSender.seal(notification, context)),
        target: '/?data.id=1',
      }),
    };
    await bench.addEndpoint('/a?shop=2');
    await bench.addEndpoint('/b');
    await bench.startWorker({ sender: () => sender });
    for (const { id } of (await bench.publish('1')).deliveries) await bench.reaches(id, 'confirmed');
    expect(bench.sink.arrived.map(({ path }) => path).sort()).toEqual(['/a?shop=2&data.id=1', '/b?data.id=1']);
  });

  it('is tried again by its schedule, never early, until it is confirmed', async () => {
    bench.sink.answer = () => ({ status: bench.sink.arrived.length < 4 ? 500 : 200 });
    await bench.addEndpoint('/a', { schedule: [40, 60, 80] });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    const { tries } = await bench.reaches(id, 'confirmed');
    expect(tries.map(({ step }) => step)).toEqual(['received', 'received', 'received', 'confirmed']);
    const at = bench.sink.arrived.map(({ atMs }) => atMs);
    [40, 60, 80].forEach((step, index) => {
      expect((at[index + 1] ?? 0) - (at[index] ?? 0)).toBeGreaterThanOrEqual(step - 1);
    });
    expect(bench.sink.overlaps).toEqual([]);
  });

  it('ends dead and visible at the end of the schedule', async () => {
    bench.sink.answer = () => ({ status: 503 });
    await bench.addEndpoint('/a', { schedule: [10, 10] });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    const { tries } = await bench.reaches(id, 'dead');
    expect(tries.map(({ number, status }) => [number, status])).toEqual([
      [1, 503],
      [2, 503],
      [3, 503],
    ]);
    await until('the signal', () => bench.signals.some(({ name }) => name === 'delivery.dead'));
  });

  it('is dead at once when the format says that it will never be taken (410 Gone)', async () => {
    bench.sink.answer = () => ({ status: 410 });
    await bench.addEndpoint('/a');
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    const { tries } = await bench.reaches(id, 'dead');
    expect(only(tries)).toMatchObject({ status: 410, step: 'received', error: 'status 410' });
  });

  it('follows no redirect', async () => {
    bench.sink.answer = ({ path }) =>
      path === '/a' ? { status: 302, headers: { location: bench.sink.url('/b') } } : {};
    await bench.addEndpoint('/a', { schedule: [] });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    const { tries } = await bench.reaches(id, 'dead');
    expect(only(tries)).toMatchObject({ status: 302, step: 'received' });
    expect(bench.sink.arrived.map(({ path }) => path)).toEqual(['/a']);
  });

  it('is handled but not confirmed when the answer is not an acknowledgement', async () => {
    bench.sink.answer = () => ({ body: 'refused' });
    await bench.addEndpoint('/a', { schedule: [] });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    expect(only((await bench.reaches(id, 'dead')).tries)).toMatchObject({ status: 200, step: 'handled' });
  });

  it('waits as long as a Retry-After asks', async () => {
    bench.sink.answer = () => (bench.sink.arrived.length === 1 ? { status: 429, headers: { 'Retry-After': '1' } } : {});
    await bench.addEndpoint('/a', { schedule: [10] });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    await bench.reaches(id, 'confirmed');
    const [first, second] = bench.sink.arrived.map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('that hangs times out, is tried again, and does not delay another', async () => {
    bench.sink.answer = ({ path }) => (path === '/slow' ? { hang: true } : {});
    await bench.addEndpoint('/slow', { timeoutMs: 700, schedule: [], types: ['payment.failed'], concurrency: 2 });
    await bench.addEndpoint('/quick', { types: ['payment.succeeded'] });
    const worker = await bench.startWorker();
    const slow = [];
    for (let n = 0; n < 4; n += 1)
      slow.push(only((await bench.publish(`s${n}`, { type: 'payment.failed', through: worker })).deliveries));
    await until('the slow ones arrived', () => bench.sink.open.get('/slow') === 2);
    for (let n = 0; n < 40; n += 1) {
      await bench.reaches(only((await bench.publish(`q${n}`, { through: worker })).deliveries).id, 'confirmed');
      if (n === 0) expect(bench.sink.open.get('/slow')).toBe(2);
    }
    for (const { id } of slow)
      expect(only((await bench.reaches(id, 'dead')).tries)).toMatchObject({ step: 'sent', status: null });
    expect(bench.sink.most.get('/slow')).toBe(2);
  });

  it('that refuses connections is unreachable, with the reason', async () => {
    const { port } = new URL(bench.sink.url());
    await bench.addEndpoint('/a', { url: `http://127.0.0.1:${port === '1' ? 2 : 1}/`, schedule: [] });
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    expect(only((await bench.reaches(id, 'dead')).tries)).toMatchObject({
      step: 'total',
      error: expect.stringContaining('refused'),
    });
  });

  it('to a refused address ends dead with the reason, and nothing was sent', async () => {
    const http = createHttp({ allow: [] });
    await bench.addEndpoint('/a', { schedule: [10] });
    await bench.startWorker({ http });
    const { id } = only((await bench.publish('1')).deliveries);
    const { tries } = await bench.reaches(id, 'dead');
    expect(tries).toHaveLength(2);
    expect(tries[0]).toMatchObject({ step: 'total', error: expect.stringContaining('target refused') });
    expect(bench.sink.arrived).toEqual([]);
    await http.close();
  });

  it('that is canceled while it is on its way stays canceled, with the attempt recorded', async () => {
    const gate = Promise.withResolvers<void>();
    bench.sink.answer = () => ({ after: gate.promise });
    await bench.addEndpoint('/a');
    await bench.startWorker();
    const { id } = only((await bench.publish('1')).deliveries);
    await until('it arrived', () => bench.sink.arrived.length === 1);
    expect(
      await bench.store.write('changeDelivery', { delivery: (await bench.delivery(id)).id, to: 'cancel', by: 'ann' }),
    ).toBe('changed');
    gate.resolve();
    await until('the attempt', async () => (await bench.delivery(id)).tries.length === 1);
    expect(await bench.delivery(id)).toMatchObject({ state: 'canceled', tries: [{ step: 'confirmed' }] });
  });

  it('that cannot be sealed costs no try and says why', async () => {
    await bench.addEndpoint('/a', { schedule: [] });
    await bench.startWorker({
      sender: () => {
        throw new Error('no secrets for this endpoint');
      },
    });
    const { id } = only((await bench.publish('1')).deliveries);
    const detail = await until('an attempt', async () => {
      const found = await bench.delivery(id);
      return found.tries.length === 1 ? found : null;
    });
    expect(detail).toMatchObject({
      state: 'pending',
      tries: [{ step: 'total', error: expect.stringContaining('no secrets') }],
    });
  });
});

describe('a published schedule of a day', () => {
  it('is run to its end by a clock that is told, a try at each step and none between', async () => {
    const clock = new FakeClock();
    const bench = await createBench({ clock });
    const schedule = [15_000, 60_000, 3_600_000, 21_600_000];
    bench.sink.answer = () => ({ status: 500 });
    await bench.addEndpoint('/a', { schedule: null });
    await bench.startWorker({ scheduleOf: () => schedule, random: (bytes) => new Uint8Array(bytes) });
    const { id } = only((await bench.publish('1')).deliveries);
    const tries = (count: number) =>
      until(`${count} tries`, async () => {
        clock.advance(1);
        const { tries: made } = await bench.delivery(id);
        return made.length === count ? made : null;
      });
    await tries(1);
    for (const [index, step] of schedule.entries()) {
      clock.advance(step - 2000);
      expect(bench.sink.arrived).toHaveLength(index + 1);
      clock.advance(2000);
      await tries(index + 2);
    }
    await bench.reaches(id, 'dead');
    await bench.close();
  });
});
