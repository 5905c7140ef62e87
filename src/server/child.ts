import { AppError } from '../domain/errors.ts';
import { Calls, type Message } from './calls.ts';
import type { ChildRequest, ChildSetup, ParentRequest } from './child-messages.ts';
import { installationOf } from './installation.ts';
import { exitWhenBroken, standardOutput } from './process.ts';
import { remoteStore } from './remote-store.ts';
import { type RunningServer, startServer } from './server.ts';

/** A process that takes requests, forked by the one that has the store. It does what that one says, and ends with it. */
function start(send: (message: Message<ParentRequest, unknown>) => void): void {
  let starting: Promise<RunningServer> | null = null;
  const calls = new Calls<ParentRequest, ChildRequest>({
    send,
    async answer(request) {
      switch (request.is) {
        case 'start':
          starting = startServing(request.setup, calls);
          await starting;
          return null;
        case 'stop':
          await (await starting)?.stop();
          return null;
        case 'figures':
          return (await starting)?.observation.figures();
      }
    },
  });
  process.on('message', (message: Message<ChildRequest, never>) => calls.take(message));
  process.once('disconnect', () => {
    calls.lose(new AppError('store.unavailable', 'the process that has the store is gone'));
    process.exit(1);
  });
  // A terminal, or a service manager, signals every process of the group. The first one says when to stop.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
}

async function startServing(
  { config, masterKeys, adminKey, sandbox, role }: ChildSetup,
  calls: Calls<ParentRequest, ChildRequest>,
): Promise<RunningServer> {
  const running = await startServer({
    config,
    installation: installationOf(config),
    masterKeys,
    adminKey,
    sandbox,
    ...(config.databaseUrl === null ? { role: 'api', store: remoteStore(calls) } : { role }),
    metrics: () => calls.ask<string>({ is: 'metrics' }),
    // Several processes write to one pipe: only writes of less than a page stay whole.
    log: standardOutput({ minLength: 1024 }),
  });
  exitWhenBroken(running.observation.observe);
  return running;
}

if (process.send === undefined) throw new Error('this process is forked by `paidonce serve --processes`');
start(process.send.bind(process));
