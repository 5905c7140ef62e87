import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { AlertRow } from '../../../src/api/alerts.ts';
import type { Trouble as Troubles } from '../../../src/api/trouble.ts';
import { segment } from '../../api/call.ts';
import { type Page, readQuery } from '../../api/queries.ts';
import { Lasting } from '../../parts/duration.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { useMoney } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { WithTimes } from '../../parts/with-times.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useWord } from '../../texts/words.ts';
import { seldom, useRate, useSeesAll, useTrouble } from './figures.ts';
import { Lines } from './matters.tsx';
import { overviewTexts } from './texts.ts';

type Endpoint = Troubles['endpoints'][number];

const most = 5;
/** What the lists of endpoints and accounts say already. */
const saidBelow: readonly string[] = ['failure_budget', 'endpoint_disabled', 'silent_provider', 'refused_signatures'];

/** What was paid, and endpoints have not confirmed to know. */
export function MoneyAtRisk() {
  const say = useTexts(overviewTexts);
  const money = useMoney();
  return (
    <Section title={say('atRisk')} flush>
      <Loaded query={useTrouble()} lines={4}>
        {({ at_risk, at_risk_whole }) => (
          <Lines none={say('noRisk')}>
            {at_risk.map(({ currency, amount_minor, notifications, oldest_at }) => (
              <li key={currency}>
                <div>
                  <InnerLink href="/deliveries?state=waiting">{say('risk', { count: notifications })}</InnerLink>
                  <Text size="xs" c="var(--soft)" component="div">
                    {say('risk.oldest')} <Lasting from={oldest_at} to={null} />
                  </Text>
                </div>
                <Text fw={600} className="numbers">
                  {at_risk_whole ? '' : '≥ '}
                  {money(amount_minor, currency)}
                </Text>
              </li>
            ))}
          </Lines>
        )}
      </Loaded>
    </Section>
  );
}

/** Endpoints that do not take what they are sent, accounts whose callbacks are wrong or do not come, and open alerts. */
export function Trouble() {
  const say = useTexts(overviewTexts);
  const open = readQuery<Page<AlertRow>>('/v1/alerts', { state: 'open', limit: most });
  const alerts = useQuery({ ...open, ...seldom, enabled: useSeesAll() }).data?.data ?? [];
  const endpointLine = (endpoint: Endpoint) => <EndpointLine key={endpoint.id} endpoint={endpoint} />;
  const more = (all: readonly unknown[], href: string, text: 'more.endpoints' | 'more.accounts') =>
    all.length <= most ? null : (
      <li key={href}>
        <InnerLink href={href}>{say(text, { count: all.length - most })}</InnerLink>
      </li>
    );
  return (
    <Section title={say('trouble')} flush>
      <Loaded query={useTrouble()} lines={4}>
        {({ endpoints, accounts }) => {
          const failing = endpoints.filter(({ state }) => state !== 'paused');
          const paused = endpoints.filter(({ state }) => state === 'paused');
          return (
            <Lines none={say('noTrouble')}>
              {alerts
                .filter(({ rule }) => !saidBelow.includes(rule))
                .map((alert) => (
                  <AlertLine key={alert.id} alert={alert} />
                ))}
              {failing.slice(0, most).map(endpointLine)}
              {more(failing, '/endpoints', 'more.endpoints')}
              {accounts.slice(0, most).map((account) => (
                <AccountLine key={account.id} account={account} />
              ))}
              {more(accounts, '/accounts', 'more.accounts')}
              {paused.slice(0, most).map(endpointLine)}
              {more(paused, '/endpoints?state=paused', 'more.endpoints')}
            </Lines>
          );
        }}
      </Loaded>
    </Section>
  );
}

function AlertLine({ alert: { rule, detail, opened_at } }: { alert: AlertRow }) {
  const word = useWord();
  return (
    <li>
      <div>
        <Text component="div">
          <WithTimes text={detail} />
        </Text>
        <Text size="xs" c="var(--soft)" component="div">
          {word('alert_rule', rule)} · <Time at={opened_at} />
        </Text>
      </div>
    </li>
  );
}

function EndpointLine({ endpoint }: { endpoint: Endpoint }) {
  const say = useTexts(overviewTexts);
  const rate = useRate();
  const { id, url, merchant, state, budget_used, failing_since } = endpoint;
  return (
    <li>
      <div>
        <InnerLink href={`/endpoints/${segment(id)}`}>{url}</InnerLink>
        <Text size="xs" c="var(--soft)" component="div">
          {merchant} · {say(state, { share: rate(budget_used) })}
          {failing_since === null || state === 'paused' ? null : (
            <>
              {' · '}
              {say('failing.since')} <Lasting from={failing_since} to={null} />
            </>
          )}
        </Text>
      </div>
      {state === 'failing' ? null : <StatusBadge area="endpoint" value={state} />}
    </li>
  );
}

function AccountLine({ account }: { account: Troubles['accounts'][number] }) {
  const say = useTexts(overviewTexts);
  const { id, merchant, provider, refused, authentic, found } = account;
  const isSilent = found > 0 && authentic === 0;
  return (
    <li>
      <div>
        <InnerLink href={`/accounts/${segment(id)}`}>{`${provider} · ${merchant}`}</InnerLink>
        <Text size="xs" c="var(--soft)" component="div">
          {refused > 0 ? say('refused', { count: refused }) : null} {isSilent ? say('silent', { count: found }) : null}
        </Text>
      </div>
    </li>
  );
}
