import { describe, expect, it } from 'vitest';
import { createResolve } from '../../src/outbound/resolve.ts';

const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
const never = () => new Promise<never>(() => {});

describe('resolving a host name', () => {
  it('brings the addresses of both families, IPv4 first', async () => {
    const resolve = createResolve({
      system: false,
      query: async (_host, family) => (family === 4 ? ['8.8.8.8'] : ['2606::1']),
    });
    expect(await resolve('shop.example')).toEqual(['8.8.8.8', '2606::1']);
  });

  it('does not wait for a family that does not answer once the other has', async () => {
    const resolve = createResolve({
      system: false,
      query: (_host, family) => (family === 4 ? never() : Promise.resolve(['2606::1'])),
    });
    expect(await resolve('shop.example')).toEqual(['2606::1']);
  });

  it('asks once for callers of the same name at the same time, and again later', async () => {
    let asked = 0;
    const query = async () => {
      asked += 1;
      return ['8.8.8.8'];
    };
    const resolve = createResolve({ system: false, query });
    await Promise.all(Array.from({ length: 20 }, () => resolve('shop.example')));
    expect(asked).toBe(2);
    await resolve('shop.example');
    expect(asked).toBe(4);
  });

  it('knows localhost by definition', async () => {
    const resolve = createResolve({ system: false, query: never });
    expect(await resolve('localhost')).toEqual(['127.0.0.1', '::1']);
    expect(await resolve('shop.localhost')).toEqual(['127.0.0.1', '::1']);
  });

  it('tells that a name server failed rather than that a family has no record', async () => {
    const query = (_host: string, family: 4 | 6) => failing(family === 4 ? 'ENODATA' : 'ESERVFAIL')();
    await expect(createResolve({ system: true, query, systemLookup: never })('shop.example')).rejects.toMatchObject({
      code: 'ESERVFAIL',
    });
    await expect(createResolve({ system: false, query: failing('ENOTFOUND') })('x.example')).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });

  it('asks the operating system where there is no name server at all', async () => {
    const resolve = createResolve({
      system: true,
      query: failing('ECONNREFUSED'),
      systemLookup: async () => ['10.0.0.1'],
    });
    expect(await resolve('shop.internal')).toEqual(['10.0.0.1']);
  });

  it('asks the operating system only where that is on, one name at a time and with a bound', async () => {
    const finish: (() => void)[] = [];
    let running = 0;
    let runningMax = 0;
    const systemLookup = async () => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise<void>((resolve) => finish.push(resolve));
      running -= 1;
      return ['10.0.0.1'];
    };
    const resolve = createResolve({ system: true, query: failing('ENOTFOUND'), systemLookup });
    const asked = Array.from({ length: 100 }, (_none, index) => resolve(`host${index}.internal`));
    const settled = Promise.allSettled(asked);
    const pump = setInterval(() => finish.shift()?.(), 0);
    const outcomes = (await settled).map((outcome) => outcome.status);
    clearInterval(pump);
    expect(runningMax).toBe(1);
    expect(outcomes.filter((status) => status === 'fulfilled')).toHaveLength(65);
    expect(outcomes.filter((status) => status === 'rejected')).toHaveLength(35);
  });
});
