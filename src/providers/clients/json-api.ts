import { createHash } from 'node:crypto';
import { type Instant, toIso } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { Fact } from '../../domain/fact.ts';
import { limits } from '../../domain/limits.ts';
import { toBase64, utf8 } from '../primitives/bytes.ts';
import { at, isObject, type Json, type JsonObject } from '../primitives/json.ts';
import type { Headers, Http, HttpRequest, QueryAnswer, RawReply, Reference } from '../provider.ts';
import { jsonAnswer, readable } from './answers.ts';

/** A platform's API that takes and gives JSON. */
export interface JsonApi {
  platform: string;
  /** Without a slash at its end. */
  baseUrl: string;
  /** Who asks. */
  headers: Headers;
  http: Http;
  /** The platform's own words for why it refused. */
  said(body: Json): string | null;
  /** Answers beside 404 that mean: there is no such thing. */
  isAbsent?(reply: RawReply): boolean;
}

export interface JsonCall {
  /** With the query; ids in it are encoded. */
  path: string;
  /** Default: POST with a body, GET without. */
  method?: HttpRequest['method'];
  body?: JsonObject;
  headers?: Headers;
  signal: AbortSignal;
}

/**
 * What the platform answered; null: there is no such thing.
 *
 * @throws AppError `provider.unreachable`, `provider.refused`, `provider.answer`
 */
export async function callJson(
  api: JsonApi,
  { path, body, method = body === undefined ? 'GET' : 'POST', headers = [], signal }: JsonCall,
): Promise<Json | null> {
  const { platform, baseUrl, http, said, isAbsent } = api;
  const request: HttpRequest = {
    method,
    url: baseUrl + path,
    headers: [
      ...api.headers,
      ['accept', 'application/json'],
      ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
      ...headers,
    ],
    body: utf8(body === undefined ? '' : JSON.stringify(body)),
  };
  const reply = await http.send(request, signal);
  return isAbsent?.(reply) === true ? null : jsonAnswer(platform, reply, said);
}

/** A platform's list of its newest payments, which has no filter by our number. */
export interface NewestList {
  path: string;
  query: Readonly<Record<string, string>>;
  /** Where the payments stand in an answer. */
  list: string;
  /** The parameter that goes on to the next page, and its value; null: this was the last. */
  cursor: string;
  next(answer: Json): string | null;
  isOurs(payment: JsonObject): boolean;
}

/** When the newest payments begin, in ISO 8601. */
export function newestSince(now: Instant): string {
  return toIso(now - limits.newestPaymentsDays * 86_400_000);
}

/** Ours among the newest. */
export async function foundAmongNewest(
  api: JsonApi,
  { path, query, list, cursor, next, isOurs }: NewestList,
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  const parameters = new URLSearchParams(query);
  for (let page = 0; page < limits.newestPaymentsPagesMax; page += 1) {
    const answer = await callJson(api, { path: `${path}?${parameters}`, signal });
    found.push(...objectsAt(answer, list).filter(isOurs));
    const following = next(answer);
    if (following === null) break;
    parameters.set(cursor, following);
  }
  return found;
}

export function bearer(token: string): Headers {
  return [['authorization', `Bearer ${token}`]];
}

export function basic(user: string, password: string): Headers {
  return [['authorization', `Basic ${toBase64(utf8(`${user}:${password}`))}`]];
}

/** An idempotency key of a form that every platform takes: 40 hex digits. */
export function shortKey(idempotencyKey: string): string {
  return createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 40);
}

/** The objects of a list in an answer; none where it is absent. */
export function objectsAt(answer: Json | undefined, path: string): readonly JsonObject[] {
  const found = at(answer, path);
  return Array.isArray(found) ? found.filter((one: Json) => isObject(one)) : [];
}

/** @throws AppError `provider.cannot_ask` while the id is not known. */
export function paymentIdOf(platform: string, { paymentId }: Reference): string {
  if (paymentId !== null) return paymentId;
  throw new AppError('provider.cannot_ask', `${platform} needs the id of the payment, which is not known yet`);
}

/** What was read of several objects; null = nothing has happened to it. @throws AppError `provider.answer` */
export function factsRead(platform: string, read: readonly (Fact | string | null)[]): readonly Fact[] {
  return read.filter((fact) => fact !== null).map((fact) => readable(platform, fact));
}

/** The one fact that an answer must hold. @throws AppError `provider.answer` */
export function factRead(platform: string, fact: Fact | string | null): Fact {
  if (fact === null) throw new AppError('provider.answer', `${platform} answered something else than was asked for`);
  return readable(platform, fact);
}

/** One answer made of those for each try of the buyer: final once all of them are. */
export function joined(answers: readonly QueryAnswer[]): QueryAnswer {
  const known = answers.filter(({ state }) => state !== 'not_found');
  if (known.length === 0) return { state: 'not_found', facts: [] };
  const isFinal = known.every(({ state }) => state === 'final');
  return { state: isFinal ? 'final' : 'open', facts: known.flatMap(({ facts }) => facts) };
}
