import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/app.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Operation {
  method: string;
  path: string;
  operation: Record<string, unknown>;
}

let server: TestServer;
let document: Record<string, unknown>;
let operations: Operation[];

beforeAll(async () => {
  server = await startTestServer();
  document = (await server.call('GET', '/openapi.json', undefined, { key: null })).body;
  operations = Object.entries(record(document.paths)).flatMap(([path, item]) =>
    Object.entries(record(item)).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: record(operation),
    })),
  );
});
afterAll(() => server.stop());

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

describe('the OpenAPI document', () => {
  it('documents every route of the API, and nothing else', () => {
    const routes = createApi(server.service)
      .app.routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1/'))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
      [...new Set(routes)].toSorted(),
    );
    expect(routes.length).toBeGreaterThan(35);
  });

  it('has what every call must have', () => {
    expect(document.openapi).toBe('3.1.0');
    for (const { method, path, operation } of operations) {
      const name = `${method} ${path}`;
      expect(operation, name).toMatchObject({
        summary: expect.any(String),
        tags: [expect.any(String)],
        security: [{ apiKey: [] }],
      });
      const responses = record(operation.responses);
      expect(Object.keys(responses), name).toEqual(expect.arrayContaining(['401', '403']));
      expect(
        Object.keys(responses).some((status) => status.startsWith('2')),
        name,
      ).toBe(true);
      const named = Array.isArray(operation.parameters) ? operation.parameters.map((one) => record(one).name) : [];
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      expect(named, name).toEqual(expect.arrayContaining(inPath));
    }
  });

  it('refers only to schemas that it has', () => {
    const schemas = Object.keys(record(record(document.components).schemas)).map(
      (name) => `#/components/schemas/${name}`,
    );
    expect(referencesIn(document).filter((reference) => !schemas.includes(reference))).toEqual([]);
  });

  it('gives an example of every body, which the schemas take', async () => {
    for (const { method, path, operation } of operations.filter((one) => one.operation.requestBody !== undefined)) {
      const example = record(record(record(operation.requestBody).content)['application/json']).example;
      expect(example, `${method} ${path}`).toBeDefined();
      const answer = await server.call(method, path.replace(/\{\w+\}/g, 'x'), example);
      expect([`${method} ${path}`, answer.body.code]).not.toEqual([`${method} ${path}`, 'request.invalid']);
    }
  });
});

describe('the page of the API', () => {
  it('loads nothing from anywhere and runs no script', async () => {
    const page = await server.call('GET', '/docs', undefined, { key: null });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
    expect(/<script|src=|<link|@import|url\(/.exec(page.text)).toBeNull();
  });

  it('shows every call and every error', async () => {
    const page = await server.call('GET', '/docs', undefined, { key: null });
    const wanted = operations.map(({ method, path }) => `id="${method.toLowerCase()}-${path}"`);
    expect([...wanted, 'id="publish.idempotency_mismatch"'].filter((id) => !page.text.includes(id))).toEqual([]);
  });
});
