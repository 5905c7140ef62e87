import { ActionIcon, Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconLanguage, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../api/call.ts';
import { sessionQuery } from '../api/queries.ts';
import { personName } from '../parts/actor.ts';
import { commonTexts } from '../texts/common.ts';
import { languages, useLanguage, useTexts } from '../texts/texts.ts';
import classes from './frame.module.css';

/** Each language in its own words. */
const names = { en: 'English', zh: '简体中文' } as const;

export function LanguageMenu() {
  const say = useTexts(commonTexts);
  const { language, change } = useLanguage();
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={say('language')}>
          <IconLanguage size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map((one) => (
          <Menu.Item
            key={one}
            lang={one}
            onClick={() => change(one)}
            rightSection={one === language ? <IconCheck size={14} /> : null}
          >
            {names[one]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const schemes = [
  ['light', IconSun],
  ['dark', IconMoon],
  ['auto', IconDeviceDesktop],
] as const;

export function ThemeMenu() {
  const say = useTexts(commonTexts);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Present = schemes.find(([name]) => name === colorScheme)?.[1] ?? IconSun;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={say('theme')}>
          <Present size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(([name, Icon]) => (
          <Menu.Item
            key={name}
            leftSection={<Icon size={15} />}
            rightSection={name === colorScheme ? <IconCheck size={14} /> : null}
            onClick={() => setColorScheme(name)}
          >
            {say(name)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Who is signed in, and the way out. */
export function Person() {
  const say = useTexts(commonTexts);
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const leaving = useMutation({
    mutationFn: () => call<null>('DELETE', '/v1/session'),
    // Nothing that was read stays behind for whoever signs in next.
    onSuccess: () => client.resetQueries(),
  });
  if (session === undefined) return null;
  const name = personName(session.name);
  return (
    <Menu position="top-start">
      <Menu.Target>
        <UnstyledButton className={classes.person ?? ''} title={say('signedInAs', { name })}>
          <Text size="sm" fw={500} truncate>
            {name}
          </Text>
          <Text size="xs" c="var(--soft)">
            {say(`role.${session.role}`)}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => leaving.mutate()}>
          {say('signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
