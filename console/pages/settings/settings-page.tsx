import { Badge, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Settings, ShownSetting } from '../../../src/api/settings.ts';
import { readQuery } from '../../api/queries.ts';
import { AdminOnly } from '../../parts/admin-only.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { Line, Lines } from '../../parts/lines.tsx';
import { Details, Page, Section } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { useLanguage, useTexts } from '../../texts/texts.ts';
import { chineseSettings } from './chinese.ts';
import classes from './settings.module.css';
import { settingsTexts } from './texts.ts';

/** How the server runs, and why so. */
export function SettingsPage() {
  const say = useTexts(settingsTexts);
  return (
    <Page title={say('title')} lead={say('lead')}>
      <AdminOnly>
        <AllSettings />
      </AdminOnly>
    </Page>
  );
}

function AllSettings() {
  const say = useTexts(settingsTexts);
  // What a server was started with stays.
  const query = useQuery({ ...readQuery<Settings>('/v1/settings'), refetchInterval: false });
  return (
    <Loaded query={query} lines={14}>
      {(loaded) => (
        <>
          <Server settings={loaded} />
          <Section title={say('settings')} flush>
            {loaded.settings.length === 0 ? (
              <Empty title={say('settings.none')} />
            ) : (
              <Lines>
                {loaded.settings.map((setting) => (
                  <SettingLine key={setting.name} setting={setting} />
                ))}
              </Lines>
            )}
          </Section>
        </>
      )}
    </Loaded>
  );
}

function Server({ settings: { version, store, node, public_url, migration, seal_key } }: { settings: Settings }) {
  const say = useTexts(settingsTexts);
  return (
    <Section title={say('server')}>
      <Details
        items={[
          [say('version'), version ?? say('library')],
          [say('store'), store === null ? null : say(`store.${store.kind}`, { place: store.place })],
          [say('migration'), `#${migration}`],
          [say('publicUrl'), public_url],
          [say('node'), <Identifier key="node" text={node} short />],
          [say('sealKey'), <Identifier key="seal" text={seal_key} short />],
        ]}
      />
    </Section>
  );
}

function SettingLine({ setting }: { setting: ShownSetting }) {
  const say = useTexts(settingsTexts);
  const { language } = useLanguage();
  const { name, variable, from } = setting;
  const { meaning, absent } = (language === 'zh' ? chineseSettings[name] : undefined) ?? setting;
  const isUnset = from === 'default' && setting.value === null;
  return (
    <Line
      title={<span className="mono">{variable}</span>}
      note={
        <>
          {plain(meaning)} {isUnset ? say('absent', { text: plain(absent) }) : null}
        </>
      }
      side={
        <div className={classes.side}>
          <Value setting={setting} />
          <Badge color={from === 'default' ? 'gray' : 'blue'} size="sm">
            {say(`from.${from}`)}
          </Badge>
        </div>
      }
    />
  );
}

/** The reference page marks code; here nothing does. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

function Value({ setting: { value, unit, secret, from } }: { setting: ShownSetting }) {
  const say = useTexts(settingsTexts);
  if (value !== null) {
    return <span className="mono">{unit === 'days' ? say('unit.days', { value }) : value}</span>;
  }
  return (
    <Text size="sm" c="var(--soft)">
      {say(secret && from !== 'default' ? 'hidden' : 'unset')}
    </Text>
  );
}
