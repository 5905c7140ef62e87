import { createHmac, hash } from 'node:crypto';
import type { Alert } from '../domain/alert.ts';
import { type Clock, toIso } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { Http } from '../outbound/http-client.ts';

export const robotKinds = ['slack', 'dingtalk', 'feishu', 'wecom', 'json'] as const;
export type RobotKind = (typeof robotKinds)[number];

/** Where alerts are told. */
export interface Robot {
  kind: RobotKind;
  /** Holds the robot's key in most formats: never shown. */
  url: string;
  /** DingTalk and Feishu: signs. `json`: sent as a bearer token. */
  secret: string | null;
}

export interface Message {
  /** What a person reads. */
  text: string;
  event: 'opened' | 'recovered' | 'test';
  alert: Alert | null;
}

const timeoutMs = 10_000;
/** WeCom cuts off nothing, but refuses a text of more than 2048 bytes. */
const textBytesMax = 2048;

/** Reads `<kind> <url> [secret]`. @throws AppError `config.invalid`, which repeats neither the URL nor the secret. */
export function parseRobot(text: string): Robot {
  const [name = '', url = '', secret = null, ...rest] = text.trim().split(/\s+/);
  const kind = robotKinds.find((one) => one === name);
  if (kind === undefined) throw new AppError('config.invalid', `a robot is one of ${robotKinds.join(', ')}`);
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || rest.length > 0)
    throw new AppError('config.invalid', `robot ${kind} is not written as <kind> <http or https URL> [secret]`);
  return { kind, url, secret };
}

/** Tells robots apart without showing their keys. */
export function robotName({ kind, url }: Robot): string {
  return `${kind}-${hash('sha256', url).slice(0, 8)}`;
}

/** Sends one message. Null: the robot has taken it; else why it has not, in one line. Never rejects. */
export async function tell(
  robot: Robot,
  message: Message,
  { http, clock, signal }: { http: Pick<Http, 'post'>; clock: Pick<Clock, 'now'>; signal: AbortSignal },
): Promise<string | null> {
  const { url, headers, body } = requestOf(robot, { ...message, text: cut(message.text) }, clock.now());
  const posted = await http.post({
    url,
    headers: [['content-type', 'application/json; charset=utf-8'], ...headers],
    body: Buffer.from(JSON.stringify(body)),
    timeoutMs,
    signal,
  });
  if (posted.is !== 'answered') return posted.why;
  if (posted.status < 200 || posted.status > 299) return `it answered ${posted.status}`;
  return refusalIn(robot.kind, Buffer.from(posted.body).toString('utf8'));
}

interface RobotRequest {
  url: string;
  headers: readonly (readonly [string, string])[];
  body: unknown;
}

/**
 * Slack incoming webhooks; DingTalk and Feishu custom robots, whose signatures both cover time and secret, with the roles of key and
 * text exchanged; WeCom group robots, whose URL is the secret. As integrations write them: not tried against the real robots.
 */
function requestOf({ kind, url, secret }: Robot, { text, event, alert }: Message, now: number): RobotRequest {
  switch (kind) {
    case 'slack':
      return { url, headers: [], body: { text } };
    case 'wecom':
      return { url, headers: [], body: { msgtype: 'text', text: { content: text } } };
    case 'dingtalk': {
      const signed = new URL(url);
      if (secret !== null) {
        signed.searchParams.set('timestamp', String(now));
        signed.searchParams.set('sign', createHmac('sha256', secret).update(`${now}\n${secret}`).digest('base64'));
      }
      return { url: signed.href, headers: [], body: { msgtype: 'text', text: { content: text } } };
    }
    case 'feishu': {
      const timestamp = String(Math.floor(now / 1000));
      const sign = createHmac('sha256', `${timestamp}\n${secret}`).digest('base64');
      const body = { msg_type: 'text', content: { text } };
      return { url, headers: [], body: secret === null ? body : { timestamp, sign, ...body } };
    }
    case 'json':
      return {
        url,
        headers: secret === null ? [] : [['authorization', `Bearer ${secret}`]],
        body: { event, text, alert: alert === null ? null : alertView(alert) },
      };
  }
}

/** Robots of the Chinese platforms answer 200 to everything, and say in the body whether they took it. */
function refusalIn(kind: RobotKind, body: string): string | null {
  if (kind === 'slack' || kind === 'json') return null;
  const field = kind === 'feishu' ? 'code' : 'errcode';
  const code = new RegExp(`"${field}"\\s*:\\s*(-?\\d+)`).exec(body)?.[1];
  if (code === '0') return null;
  return code === undefined ? 'it answered without a code' : `it answered ${field} ${code}`;
}

function alertView({ id, rule, subject, detail, openedAt, recoveredAt }: Alert) {
  return {
    id,
    rule,
    subject,
    detail,
    opened_at: toIso(openedAt),
    recovered_at: recoveredAt === null ? null : toIso(recoveredAt),
  };
}

function cut(text: string): string {
  if (Buffer.byteLength(text) <= textBytesMax) return text;
  // Half a character at the end becomes a replacement character of three bytes.
  return `${Buffer.from(text)
    .subarray(0, textBytesMax - 6)
    .toString('utf8')
    .replace(/\ufffd$/, '')}…`;
}
