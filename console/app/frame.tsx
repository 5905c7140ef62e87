import { Burger, Drawer, Group, NavLink, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { CallError } from '../api/call.ts';
import { sessionQuery } from '../api/queries.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { commonTexts } from '../texts/common.ts';
import { frameTexts } from '../texts/frame.ts';
import { useTexts } from '../texts/texts.ts';
import classes from './frame.module.css';
import { Mark } from './mark.tsx';
import { navigation } from './navigation.ts';
import { LanguageMenu, Person, ThemeMenu } from './preferences.tsx';
import { SignInPage } from './sign-in-page.tsx';

/** What is around every page; before a sign-in, the sign-in. */
export function Frame() {
  const session = useQuery(sessionQuery);
  if (session.data !== undefined) return <SignedIn />;
  if (session.error === null) return <Loading lines={4} />;
  if (session.error instanceof CallError && [401, 403].includes(session.error.status)) return <SignInPage />;
  return (
    <main className={classes.alone}>
      <Failure error={session.error} retry={() => void session.refetch()} />
    </main>
  );
}

function SignedIn() {
  const say = useTexts(commonTexts);
  const [isOpen, menu] = useDisclosure(false);
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#content">
        {say('skip')}
      </a>
      <header className={classes.bar}>
        <Burger opened={isOpen} onClick={menu.toggle} size="sm" aria-label={say('menu')} />
        <Mark />
      </header>
      <div className={classes.side}>
        <Menu />
      </div>
      <Drawer
        opened={isOpen}
        onClose={menu.close}
        size={260}
        title={<Mark />}
        closeButtonProps={{ 'aria-label': say('close') }}
      >
        <Menu onOpen={menu.close} />
      </Drawer>
      <main id="content" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function Menu({ onOpen }: { onOpen?: () => void }) {
  const say = useTexts(frameTexts);
  const { pathname } = useLocation();
  const { data: session } = useQuery(sessionQuery);
  return (
    <div className={classes.menu}>
      <Group className={classes.mark ?? ''}>
        <Mark />
      </Group>
      <nav aria-label={say('nav.label')} className={classes.nav}>
        {navigation.map(({ text, items }) => (
          <Stack key={text ?? ''} gap={1}>
            {text === null ? null : (
              <Text className={classes.group ?? ''} size="xs">
                {say(text)}
              </Text>
            )}
            {items
              .filter((item) => item.role === undefined || item.role === session?.role)
              .map(({ to, text, icon: Icon }) => {
                const isHere = to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`);
                return (
                  <NavLink
                    key={to}
                    component={Link}
                    to={to}
                    label={say(text)}
                    leftSection={<Icon size={17} stroke={1.6} aria-hidden />}
                    active={isHere}
                    aria-current={isHere ? 'page' : undefined}
                    className={classes.item ?? ''}
                    {...(onOpen === undefined ? {} : { onClick: onOpen })}
                  />
                );
              })}
          </Stack>
        ))}
      </nav>
      <Group className={classes.foot ?? ''} justify="space-between" wrap="nowrap">
        <Person />
        <Group gap={2} wrap="nowrap">
          <LanguageMenu />
          <ThemeMenu />
        </Group>
      </Group>
    </div>
  );
}
