import { Alert, Button, Divider, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Session } from '../../src/api/sessions.ts';
import type { SignInRefusal } from '../../src/api/sign-in.ts';
import { type CallError, call } from '../api/call.ts';
import { sessionQuery } from '../api/queries.ts';
import { FailureText } from '../parts/states.tsx';
import { signInTexts } from '../texts/frame.ts';
import { useTexts } from '../texts/texts.ts';
import { Mark } from './mark.tsx';
import { LanguageMenu, ThemeMenu } from './preferences.tsx';
import classes from './sign-in-page.module.css';

export function SignInPage() {
  const say = useTexts(signInTexts);
  const client = useQueryClient();
  const [key, setKey] = useState('');
  const [isTried, setIsTried] = useState(false);
  useEffect(() => {
    document.title = `${say('title')} · Paidonce`;
  });
  const entering = useMutation<Session, CallError, string>({
    mutationFn: (key) => call<Session>('POST', '/v1/session', { key }),
    onSuccess: (session) => client.setQueryData(sessionQuery.queryKey, session),
  });
  const submit = () => {
    setIsTried(true);
    if (key.trim() !== '') entering.mutate(key.trim());
  };
  return (
    <main className={classes.page}>
      <Group justify="flex-end" gap={2} className={classes.corner ?? ''}>
        <LanguageMenu />
        <ThemeMenu />
      </Group>
      <Paper className={classes.sheet ?? ''} withBorder p="xl">
        <Stack
          component="form"
          gap="md"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Mark />
          <div>
            <Title order={1}>{say('title')}</Title>
            <Text c="var(--soft)">{say('lead')}</Text>
          </div>
          <CompanySignIn />
          <PasswordInput
            label={say('key')}
            description={say('hint')}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            error={isTried && key.trim() === '' ? say('missing') : entering.error && <Refusal error={entering.error} />}
            autoComplete="current-password"
            autoFocus={!offersCompany()}
          />
          <Button type="submit" variant={offersCompany() ? 'default' : 'filled'} loading={entering.isPending} fullWidth>
            {say('signIn')}
          </Button>
          <div className={classes.help}>
            <Text size="xs" fw={600}>
              {say('where')}
            </Text>
            <Text size="xs">{say('dev')}</Text>
            <Text size="xs">{say('serve')}</Text>
          </div>
        </Stack>
      </Paper>
    </main>
  );
}

/** Where the server has an identity provider. It sends people who were not let in back with a reason in the address. */
function CompanySignIn() {
  const say = useTexts(signInTexts);
  // As it stands in the address bar, so that whoever opened a link is there after signing in.
  const { publicHref } = useLocation();
  const [reason] = useState(() => new URLSearchParams(window.location.search).get('sign_in'));
  useEffect(() => {
    // Said once: it is no part of the page's address.
    if (reason !== null) window.history.replaceState(window.history.state, '', window.location.pathname);
  }, [reason]);
  if (!offersCompany()) return null;
  const refusal = refusals.find((one) => one === reason);
  return (
    <>
      {refusal !== undefined && (
        <Alert color="red" variant="light" role="alert">
          {say(`refused.${refusal}`)}
        </Alert>
      )}
      <Button component="a" href={`/v1/session/oidc?to=${encodeURIComponent(publicHref)}`} fullWidth>
        {say('company')}
      </Button>
      <Divider label={say('or')} />
    </>
  );
}

const refusals: readonly SignInRefusal[] = ['unreachable', 'expired', 'refused', 'role'];

/** The server writes it into the page, so that it stands there at once. */
function offersCompany(): boolean {
  return document.querySelector('meta[name="sign-in"]')?.getAttribute('content') === 'oidc';
}

function Refusal({ error }: { error: CallError }) {
  const say = useTexts(signInTexts);
  if (error.status === 401) return say('wrong');
  if (error.status === 403) return say('scope');
  const seconds = /(\d+) s$/.exec(error.problem?.detail ?? '')?.[1];
  if (error.status === 429) return say('slow', { seconds: seconds ?? '60' });
  return <FailureText error={error} />;
}
