import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { robotName } from '../alerts/robots.ts';
import type { Installation, ShownSetting } from '../api/settings.ts';
import { defaultThresholds, isAlertRule } from '../domain/alert.ts';
import type { Config } from './config.ts';
import { roleRuleText } from './roles.ts';
import { environmentName, type SettingName, settingNames, settings } from './settings.ts';
import { placeOf } from './store.ts';

/** What an administrator may read of how the server runs. No secret is in it. */
export function installationOf(config: Config): Installation {
  const { databaseUrl, origins } = config;
  const values = valuesOf(config);
  const shown = (name: SettingName): ShownSetting => {
    const { meaning, unit, absent, secret } = settings[name];
    const from = origins[name] ?? 'default';
    return { name, variable: environmentName(name), meaning, unit, absent, secret, from, value: values[name] };
  };
  return {
    version: packageVersion(),
    store: { kind: databaseUrl === null ? 'sqlite' : 'postgres', place: placeOf(config) },
    settings: settingNames.map(shown),
  };
}

/** Two folders up from here, in a checkout and in the installed package alike. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function valuesOf(config: Config): Readonly<Record<SettingName, string | null>> {
  const { data, databaseUrl, databaseDirectUrl, trustProxy, allowTargets, alerts, oidc, tls } = config;
  const place = (url: string | null) => (url === null ? null : placeOf({ data, databaseUrl: url }));
  const rules = Object.entries(alerts.thresholds)
    .filter(([rule, threshold]) => isAlertRule(rule) && threshold !== defaultThresholds[rule])
    .map(([rule, threshold]) => `${rule}=${threshold}`);
  return {
    host: config.host,
    port: String(config.port),
    public_url: config.publicUrl,
    trust_proxy: listed(trustProxy.map(({ address, prefix }) => `${address}/${prefix}`)),
    data,
    database_url: place(databaseUrl),
    database_direct_url: place(databaseDirectUrl),
    retention_days: String(config.retentionDays),
    admin_key: null,
    master_key: null,
    seal_key: null,
    allow_targets: listed(allowTargets ?? []),
    alert_robots: listed(alerts.robots.map(robotName)),
    alert_rules: listed(rules),
    oidc_issuer: oidc?.issuer ?? null,
    oidc_client_id: oidc?.clientId ?? null,
    oidc_client_secret: null,
    oidc_roles: listed(oidc?.roles.map(roleRuleText) ?? []),
    tls_cert: tls?.certificateFile ?? null,
    tls_key: tls?.keyFile ?? null,
    processes: String(config.processes),
    log_level: config.logLevel ?? 'info',
  };
}

function listed(parts: readonly string[]): string | null {
  return parts.length === 0 ? null : parts.join(', ');
}
