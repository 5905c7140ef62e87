import { Button, Group, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { AccountRow } from '../../../src/api/accounts.ts';
import type { EndpointRow } from '../../../src/api/endpoint-view.ts';
import type { MerchantAnswer, MerchantRow } from '../../../src/api/merchants.ts';
import { segment } from '../../api/call.ts';
import { type Page as ListPage, providersQuery, readQuery } from '../../api/queries.ts';
import { SecretsTable } from '../../parts/credentials/secrets-table.tsx';
import { useProviderName } from '../../parts/credentials/words.ts';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink, LinkButton } from '../../parts/link.tsx';
import { useMayAct } from '../../parts/may-act.ts';
import { Columns, Page, Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { AccountRows } from '../accounts/account-rows.tsx';
import { EndpointRows } from '../endpoints/endpoint-rows.tsx';
import { EditPolicies, RenameMerchant, SetSigning } from './merchant-dialogs.tsx';
import { policies } from './policies.ts';
import { merchantTexts } from './texts.ts';

const most = 100;

export function MerchantPage() {
  const say = useTexts(merchantTexts);
  const { merchant: id = '' } = useParams({ strict: false });
  const canAct = useMayAct();
  const query = useQuery(readQuery<MerchantAnswer>(`/v1/merchants/${segment(id)}`));
  const [isRenaming, setIsRenaming] = useState(false);
  return (
    <Page
      title={query.data?.name ?? id}
      lead={
        <Group gap="xs">
          <InnerLink href="/merchants">{say('back')}</InnerLink>
          <span>·</span>
          <Identifier text={id} />
        </Group>
      }
      actions={
        canAct && query.data !== undefined ? (
          <Button variant="default" onClick={() => setIsRenaming(true)}>
            {say('rename')}
          </Button>
        ) : null
      }
    >
      <Loaded query={query} lines={12}>
        {(merchant) => (
          <>
            <AccountsOf merchant={merchant} canAct={canAct} />
            <EndpointsOf merchant={merchant} canAct={canAct} />
            <Columns least={380}>
              <Policies merchant={merchant} canAct={canAct} />
              <Signing merchant={merchant} canAct={canAct} />
            </Columns>
            <RenameMerchant merchant={merchant} opened={isRenaming} onClose={() => setIsRenaming(false)} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface OfMerchant<Row = MerchantRow> {
  merchant: Row;
  canAct: boolean;
}

function AccountsOf({ merchant: { id }, canAct }: OfMerchant) {
  const say = useTexts(merchantTexts);
  const query = useQuery(readQuery<ListPage<AccountRow>>('/v1/accounts', { merchant: id, limit: most }));
  const add = canAct ? (
    <LinkButton to="/accounts/new" search={{ merchant: id }} variant="default" icon={<IconPlus size={14} />}>
      {say('accounts.new')}
    </LinkButton>
  ) : null;
  return (
    <Section title={say('accounts')} actions={add} flush>
      <Loaded query={query} lines={3}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={say('accounts.none')}>{say('accounts.none.text')}</Empty>
          ) : (
            <AccountRows rows={data} />
          )
        }
      </Loaded>
    </Section>
  );
}

function EndpointsOf({ merchant: { id }, canAct }: OfMerchant) {
  const say = useTexts(merchantTexts);
  const query = useQuery(readQuery<ListPage<EndpointRow>>('/v1/endpoints', { merchant: id, limit: most }));
  const add = canAct ? (
    <LinkButton to="/endpoints/new" search={{ merchant: id }} variant="default" icon={<IconPlus size={14} />}>
      {say('endpoints.new')}
    </LinkButton>
  ) : null;
  return (
    <Section title={say('endpoints')} actions={add} flush>
      <Loaded query={query} lines={3}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={say('endpoints.none')}>{say('endpoints.none.text')}</Empty>
          ) : (
            <EndpointRows rows={data} />
          )
        }
      </Loaded>
    </Section>
  );
}

function Policies({ merchant, canAct }: OfMerchant) {
  const say = useTexts(merchantTexts);
  const [isOpen, setIsOpen] = useState(false);
  const edit = canAct ? (
    <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
      {say('edit')}
    </Button>
  ) : null;
  const tolerance = Number(merchant.policies.overpaid_tolerance_minor ?? 0);
  return (
    <Section title={say('policies')} actions={edit}>
      <Stack gap="sm">
        <Text size="sm" c="var(--soft)">
          {say('policies.lead')}
        </Text>
        {policies.map(({ name, choices }) => (
          <Group key={name} justify="space-between" align="flex-start" gap="lg" wrap="nowrap">
            <div>
              <Text fw={500}>{say(name)}</Text>
              <Text size="xs" c="var(--soft)">
                {say(`${name}.text`)}
              </Text>
            </div>
            <Text size="sm" ta="right">
              {choices !== null
                ? say(choices.find((one) => one === merchant.policies[name]) ?? 'manual')
                : tolerance === 0
                  ? say('tolerance.none')
                  : say('tolerance.some', { count: tolerance })}
            </Text>
          </Group>
        ))}
      </Stack>
      {isOpen ? <EditPolicies merchant={merchant} opened onClose={() => setIsOpen(false)} /> : null}
    </Section>
  );
}

function Signing({ merchant, canAct }: OfMerchant<MerchantAnswer>) {
  const say = useTexts(merchantTexts);
  const name = useProviderName();
  const { data: providers = [] } = useQuery(providersQuery);
  const [isOpen, setIsOpen] = useState(false);
  const kept = Object.entries(merchant.secrets);
  const set = canAct ? (
    <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
      {say('signing.set')}
    </Button>
  ) : null;
  return (
    <Section title={say('signing')} actions={set}>
      <Stack gap="sm">
        <Text size="sm" c="var(--soft)">
          {say('signing.lead')}
        </Text>
        {kept.length === 0 ? <Text size="sm">{say('signing.none')}</Text> : null}
        {kept.map(([provider, secrets]) => (
          <div key={provider}>
            <Text fw={500}>{name(provider)}</Text>
            <SecretsTable provider={provider} secrets={secrets} />
          </div>
        ))}
      </Stack>
      <SetSigning merchant={merchant} providers={providers} opened={isOpen} onClose={() => setIsOpen(false)} />
    </Section>
  );
}
