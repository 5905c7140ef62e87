import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '../../src/domain/errors.ts';
import { providers } from '../../src/providers/index.ts';
import { configHelp, configReference } from '../../src/server/config-text.ts';
import { environmentName, settingNames } from '../../src/server/settings.ts';
import { pathOfPage, providerPage } from '../support/provider-page.ts';

/** docs/reference/errors.md. */
function errorReference(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, title, retryable, fix }]) =>
      `| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : ''} | ${fix} |`,
  );
  return `# Errors

Every operating error has a code (\`area.problem\`). Over HTTP it is answered as \`application/problem+json\` (RFC 9457) with this
status, the title, a \`detail\` that names the thing and the reason, and the next step in \`fix\`; fields that are wrong are in
\`errors\`, each with its JSON pointer. Commands print code, detail and next step. "Retry" says that the same call may succeed
later without a change.

| code | status | title | retry | next step |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** docs/reference/secrets.md. */
function secretsReference(): string {
  const rows = providers.flatMap((provider) => {
    const [account, endpoint] = [provider.secretFields('account'), provider.secretFields('endpoint')];
    const names = [...new Set([...account, ...endpoint].map(({ field }) => field))];
    return names.map((name) => {
      const sides = [account, endpoint].map((fields) => fields.find(({ field }) => field === name));
      const [field] = sides.filter((one) => one !== undefined);
      const where = sides[0] === undefined ? 'endpoint' : sides[1] === undefined ? 'account' : 'both';
      return `| \`${provider.name}\` | \`${name}\` | ${where} | ${field?.kind.replace('_', ' ')} | ${field?.says} |`;
    });
  });
  return `# Secrets

Which fields of the credentials hold key material, and what of a text is the key. Conventions differ by provider, and a wrong
one looks like a wrong secret: nothing is guessed. How to enter and change them: [keep and change
secrets](../guides/secrets.md).

| provider | field | of | kind | what counts |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

// To write the pages anew: `npx vitest run test/server/reference.test.ts -u`.
describe('the reference', () => {
  it('of errors is the catalogue', async () => {
    await expect(errorReference()).toMatchFileSnapshot('../../docs/reference/errors.md');
  });

  it('of secrets is what the schemas say', async () => {
    await expect(secretsReference()).toMatchFileSnapshot('../../docs/reference/secrets.md');
  });

  it.each(providers.map((provider) => [provider.name, provider] as const))(
    'of %s says below its border what the provider says',
    async (_, provider) => {
      await expect(providerPage(provider)).toMatchFileSnapshot(`../../${pathOfPage(provider)}`);
    },
  );

  it('of the configuration is the schema', async () => {
    await expect(configReference()).toMatchFileSnapshot('../../docs/reference/config.md');
  });

  it('names the same settings as the help', () => {
    expect([...configHelp().matchAll(/^ {2}(PAIDONCE_\w+)$/gm)].map(([, name]) => name)).toEqual(
      settingNames.map(environmentName),
    );
    expect([...configReference().matchAll(/^\| `(PAIDONCE_\w+)`/gm)].map(([, name]) => name)).toEqual(
      settingNames.map(environmentName),
    );
  });
});
