import type { DestinationStream } from 'pino';
import { systemClock } from '../domain/clock.ts';
import { randomBytesOf } from '../domain/ids.ts';
import type { ParentRequest } from './child-messages.ts';
import { type Config, localUrl } from './config.ts';
import { listen } from './listener.ts';
import { createObservation } from './observe.ts';
import { answerFrom } from './remote-store.ts';
import { once, type RunningServer, type ServerOptions, starting, startService } from './server.ts';
import { SocketGate } from './socket-gate.ts';
import { Supervisor } from './supervisor.ts';

export interface ProcessesOptions extends Pick<ServerOptions, 'masterKeys' | 'adminKey'> {
  config: Config;
  role: 'all' | 'api';
  sandbox: boolean;
  log: DestinationStream;
}

/**
 * A server of several processes: this one delivers and upkeeps; `config.processes` others take requests and verify callbacks. On the
 * embedded store they ask this one for what is durable; on PostgreSQL each is a whole node.
 *
 * @throws AppError as `startServer`.
 */
export async function startProcesses(options: ProcessesOptions): Promise<RunningServer> {
  const { masterKeys, adminKey, sandbox, log } = options;
  const clock = systemClock;
  const observation = createObservation({ level: options.config.logLevel ?? 'info', log, clock });
  const { observe } = observation;
  const config = { ...options.config, port: await freePort(options.config, observation.observe) };
  const url = localUrl(config);
  const publicUrl = config.publicUrl ?? url;
  const running = await startService({ ...options, config }, { clock, random: randomBytesOf, observation, publicUrl });
  const { service } = running;
  const metrics = async () => observation.metrics(() => service.store.read('gauges', null), await supervisor.figures());
  const supervisor = new Supervisor({
    count: config.processes,
    setup: { config, masterKeys, adminKey, sandbox, role: options.role },
    answer: (request: ParentRequest) => (request.is === 'metrics' ? metrics() : answerFrom(service.store, request)),
    clock,
    observe,
  });
  const stop = once(async () => {
    observe('server.stopping', 'info', {});
    await supervisor.stop();
    await service.stop();
    observe('server.stopped', 'info', {});
  });
  try {
    await supervisor.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const { processes } = config;
  observe('server.started', 'info', { url, public_url: publicUrl, node: service.node, pid: process.pid, processes });
  return { ...running, url, publicUrl, observation, stop };
}

/**
 * The port that all are to listen on: with 0 a free one, because each of them would choose its own once the others were gone. It is
 * taken and let go, so what is wrong with the address or the certificate is said before anything is opened.
 */
async function freePort(config: Config, observe: Parameters<typeof listen>[0]['observe']): Promise<number> {
  const listener = await listen({
    ...config,
    handle: starting,
    clock: systemClock,
    observe,
    reading: new SocketGate(),
  });
  await listener.close();
  return listener.port;
}
