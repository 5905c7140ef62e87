import { environmentName, settingNames, settings } from './settings.ts';

/** The settings as `--help` shows them. */
export function configHelp(): string {
  const blocks = settingNames.map((name) => {
    const { meaning, range, absent, unit } = settings[name];
    const values = unit === null ? range : `${unit}; ${range}`;
    return `  ${environmentName(name)}\n      ${meaning}\n      Values: ${values}. Default: ${plain(absent)}.`;
  });
  return `Settings (environment, or a JSON file named by PAIDONCE_CONFIG):\n\n${blocks.join('\n')}\n`;
}

/** docs/reference/config.md. */
export function configReference(): string {
  const rows = settingNames.map((name) => {
    const { meaning, range, absent, unit, secret } = settings[name];
    const cells = [
      `\`${environmentName(name)}\``,
      `\`${name}\``,
      meaning + (secret ? ' Secret.' : ''),
      unit ?? '',
      range,
      absent,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `# Configuration

Every setting is read from the environment, and else from a JSON file: the one that \`PAIDONCE_CONFIG\` names, an object with the
names of the second column. An empty value counts as not set. The environment goes before the file. What is not valid, and a name
in the file that is no setting, stops the start with \`config.invalid\`; an unknown \`PAIDONCE_…\` variable is a warning in the log.

| environment | file | meaning | unit | values | default |
|---|---|---|---|---|---|
${rows.join('\n')}

A file:

\`\`\`json
{ "host": "0.0.0.0", "port": 443, "public_url": "https://pay.example.com", "allow_targets": ["10.1.0.0/16"] }
\`\`\`
`;
}

function plain(markdown: string): string {
  return markdown.replaceAll('`', '');
}
