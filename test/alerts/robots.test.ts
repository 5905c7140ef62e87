import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseRobot, type Robot, robotName, tell } from '../../src/alerts/robots.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { createHttp } from '../../src/outbound/http-client.ts';
import { httpServer } from '../outbound/servers.ts';

const secret = 'SEC-of-the-tests';
const hourMs = 3_600_000;

/** A robot that takes a message where its platform would. */
async function robotServer(answer: (request: IncomingMessage, body: Record<string, unknown>) => unknown) {
  const messages: Record<string, unknown>[] = [];
  const { url } = await httpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    messages.push(body);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer(request, body)));
  });
  return { url, messages };
}

const tools = () => {
  const http = createHttp({ allow: ['127.0.0.0/8'] });
  onTestFinished(() => http.close());
  return { http, clock: systemClock, signal: AbortSignal.timeout(10_000) };
};
const send = (robot: Robot, text = '订单 ORDER-1 未送达') => tell(robot, { text, event: 'test', alert: null }, tools());

describe('a robot of DingTalk', () => {
  const open = () =>
    robotServer((request) => {
      const query = new URL(request.url ?? '', 'http://robot').searchParams;
      const timestamp = Number(query.get('timestamp'));
      const signed = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
      const isSigned = query.get('sign') === signed && Math.abs(Date.now() - timestamp) < hourMs;
      const isRobot = query.get('access_token') === 'token';
      return isSigned && isRobot ? { errcode: 0, errmsg: 'ok' } : { errcode: 310_000, errmsg: 'sign not match' };
    });

  it('takes what bears its token and the signature over time and secret', async () => {
    const { url, messages } = await open();
    expect(await send({ kind: 'dingtalk', url: `${url}/robot/send?access_token=token`, secret })).toBeNull();
    expect(messages).toEqual([{ msgtype: 'text', text: { content: '订单 ORDER-1 未送达' } }]);
  });

  it('says in its answer that the secret is another, and is believed', async () => {
    const { url } = await open();
    const why = await send({ kind: 'dingtalk', url: `${url}/robot/send?access_token=token`, secret: 'another' });
    expect(why).toBe('it answered errcode 310000');
  });
});

describe('a robot of Feishu', () => {
  it('takes what is signed with time and secret as the key, and refuses the rest', async () => {
    const { url, messages } = await robotServer((_, body) => {
      const key = `${body.timestamp}\n${secret}`;
      const isNow = Math.abs(Date.now() / 1000 - Number(body.timestamp)) < 3600;
      const isSigned = body.sign === createHmac('sha256', key).update('').digest('base64') && isNow;
      return isSigned ? { code: 0, msg: 'success', data: {} } : { code: 19_021, msg: 'sign match fail' };
    });
    expect(await send({ kind: 'feishu', url, secret })).toBeNull();
    expect(messages[0]).toMatchObject({ msg_type: 'text', content: { text: '订单 ORDER-1 未送达' } });
    expect(await send({ kind: 'feishu', url, secret: null })).toBe('it answered code 19021');
  });
});

describe('a robot of WeCom', () => {
  it('takes a text, which is cut to what it takes, between two characters', async () => {
    const { url, messages } = await robotServer((_, body) => {
      const { content } = body.text as { content: string };
      return Buffer.byteLength(content) > 2048 ? { errcode: 40_058 } : { errcode: 0, errmsg: 'ok' };
    });
    expect(await send({ kind: 'wecom', url: `${url}/?key=k`, secret: null }, '订单'.repeat(1000))).toBeNull();
    const [{ text }] = messages as [{ text: { content: string } }];
    expect(text.content).toMatch(/^(订单)+订?…$/);
  });
});

describe('other robots', () => {
  it('take a text for Slack, and the alert as JSON with a bearer token', async () => {
    const seen: (string | undefined)[] = [];
    const { url, messages } = await robotServer((request) => {
      seen.push(request.headers.authorization);
      return {};
    });
    expect(await send({ kind: 'slack', url, secret: null }, 'x')).toBeNull();
    expect(await send({ kind: 'json', url, secret }, 'x')).toBeNull();
    expect(messages).toEqual([{ text: 'x' }, { event: 'test', text: 'x', alert: null }]);
    expect(seen).toEqual([undefined, `Bearer ${secret}`]);
  });

  it('that are not there, or answer with an error, are said to be so', async () => {
    const { url } = await httpServer((_, response) => void response.writeHead(404).end());
    expect(await send({ kind: 'slack', url, secret: null })).toBe('it answered 404');
    expect(await send({ kind: 'slack', url: 'http://127.0.0.1:1/', secret: null })).toContain('refused');
    expect(await send({ kind: 'slack', url: 'http://10.0.0.1/', secret: null })).not.toBeNull();
  });

  it('are read from one line, and what is wrong with it never shows the key', () => {
    expect(parseRobot(' dingtalk  https://oapi.example/robot?access_token=t  SEC1 ')).toEqual({
      kind: 'dingtalk',
      url: 'https://oapi.example/robot?access_token=t',
      secret: 'SEC1',
    });
    for (const line of ['telegram https://a.example/key', 'slack key', 'slack https://a.example/key a b', 'slack']) {
      expect(() => parseRobot(line)).toThrow(/robot/);
      expect(() => parseRobot(line)).not.toThrow(/key/);
    }
    expect(robotName(parseRobot('slack https://a.example/key'))).toMatch(/^slack-[0-9a-f]{8}$/);
  });
});
