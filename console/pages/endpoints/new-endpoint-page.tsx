import { Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { EndpointOnce } from '../../../src/api/endpoint-view.ts';
import type { ProviderRow } from '../../../src/api/providers.ts';
import { call, segment } from '../../api/call.ts';
import { providersQuery } from '../../api/queries.ts';
import { ChooseMerchant, ChooseProvider } from '../../parts/choose.tsx';
import classes from '../../parts/credentials/credentials.module.css';
import { CredentialsForm } from '../../parts/credentials/credentials-form.tsx';
import { credentialsOf, fieldsOf, type Values } from '../../parts/credentials/fields.ts';
import { ReceiverInstructions } from '../../parts/credentials/instructions.tsx';
import { MadeOnce } from '../../parts/credentials/made-once.tsx';
import { Refusal } from '../../parts/credentials/refusal.tsx';
import { credentialTexts } from '../../parts/credentials/texts.ts';
import { InnerLink } from '../../parts/link.tsx';
import { OperatorsOnly } from '../../parts/operators-only.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { useSearchState } from '../../parts/search.ts';
import { useTexts } from '../../texts/texts.ts';
import { endpointHref } from './endpoint-rows.tsx';
import { endpointTexts } from './texts.ts';

/** An endpoint is added here; secrets that the server makes are shown once, before its page. */
export function NewEndpointPage() {
  const say = useTexts(endpointTexts);
  const { data: providers = [] } = useQuery(providersQuery);
  const [{ merchant = null, format = 'standard' }] = useSearchState();
  const [url, setUrl] = useState('');
  const navigate = useNavigate();
  // Kept nowhere else: with this page it is gone.
  const [made, setMade] = useState<EndpointOnce | null>(null);
  const provider = providers.find((one) => one.name === format);
  const lead = (
    <Group gap="xs">
      <InnerLink href="/endpoints">{say('back')}</InnerLink>
      <span>·</span>
      <span>{say('new.lead')}</span>
    </Group>
  );
  const done = (endpoint: EndpointOnce) => void navigate({ href: endpointHref(endpoint) });
  if (made !== null) {
    return (
      <Page title={say('created')} lead={<span className="mono">{made.url}</span>}>
        <MadeOnce provider={made.provider} credentials={made.credentials} onDone={() => done(made)} />
        <ReceiverInstructions provider={made.provider} />
      </Page>
    );
  }
  return (
    <Page title={say('new')} lead={lead}>
      <OperatorsOnly>
        <div className={classes.beside}>
          <Stack gap="md">
            <Who url={url} setUrl={setUrl} />
            {provider === undefined ? null : (
              <Keys
                key={provider.name}
                provider={provider}
                merchant={merchant}
                url={url.trim()}
                onMade={(endpoint) => (endpoint.credentials === undefined ? done(endpoint) : setMade(endpoint))}
              />
            )}
          </Stack>
          {provider === undefined ? <div /> : <ReceiverInstructions provider={provider.name} />}
        </div>
      </OperatorsOnly>
    </Page>
  );
}

/** Whose endpoint it is, and in which format: these two stand in the address. */
function Who({ url, setUrl }: { url: string; setUrl: (url: string) => void }) {
  const say = useTexts(endpointTexts);
  const [{ merchant = null, format = 'standard' }, change] = useSearchState();
  return (
    <Section title={say('who')}>
      <Stack gap="md">
        <ChooseMerchant
          label={say('merchant')}
          description={say('merchant.hint')}
          value={merchant}
          onChange={(value) => change({ merchant: value ?? '' })}
        />
        <TextInput
          label={say('url')}
          description={say('url.hint')}
          placeholder="https://shop.example/paidonce"
          type="url"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          withAsterisk
          spellCheck={false}
        />
        <ChooseProvider
          label={say('format')}
          description={say('format.hint')}
          value={format}
          onChange={(value) => change({ format: value ?? '' })}
        />
      </Stack>
    </Section>
  );
}

interface KeysProps {
  provider: ProviderRow;
  merchant: string | null;
  url: string;
  onMade: (endpoint: EndpointOnce) => void;
}

function Keys({ provider, merchant, url, onMade }: KeysProps) {
  const say = useTexts(endpointTexts);
  const sayOfKeys = useTexts(credentialTexts);
  const client = useQueryClient();
  const { generated } = provider.endpoint;
  const [isOwn, setIsOwn] = useState(!generated);
  const [values, setValues] = useState<Values>({});
  const [isTried, setIsTried] = useState(false);
  const adding = useMutation({
    mutationFn: async () => {
      const credentials = isOwn ? { credentials: credentialsOf(fieldsOf(provider, 'endpoint'), values, false) } : {};
      const body = { url, provider: provider.name, ...credentials };
      // Handed on at once: what a mutation gives back would stay in its cache.
      onMade(await call<EndpointOnce>('POST', `/v1/merchants/${segment(merchant ?? '')}/endpoints`, { body }));
    },
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <Section title={say('credentials')}>
      <Stack
        component="form"
        gap="lg"
        onSubmit={(event) => {
          event.preventDefault();
          setIsTried(true);
          adding.mutate();
        }}
      >
        {generated ? (
          <SegmentedControl
            w="fit-content"
            aria-label={say('credentials')}
            data={[
              { value: 'made', label: say('generated') },
              { value: 'own', label: say('own') },
            ]}
            value={isOwn ? 'own' : 'made'}
            onChange={(value) => setIsOwn(value === 'own')}
          />
        ) : null}
        <Text size="sm" c="var(--soft)">
          {isOwn ? sayOfKeys('never') : say('generated.text')}
        </Text>
        {isOwn ? (
          <CredentialsForm
            provider={provider}
            side="endpoint"
            values={values}
            onChange={(next) => {
              setValues(next);
              adding.reset();
            }}
            isTried={isTried}
          />
        ) : null}
        <Refusal error={adding.error} />
        <Group justify="flex-end">
          <Button type="submit" loading={adding.isPending} disabled={merchant === null || url === ''}>
            {say('create')}
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}
