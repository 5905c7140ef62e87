import { errorCatalogue } from '../domain/errors.ts';
import { escaped, pageHeaders, pageStyle } from './page.ts';

const style = `${pageStyle}
h2{margin-top:3.5rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}h3{margin-top:2.5rem;overflow-wrap:anywhere}
.method{padding:.1rem .45rem;border-radius:.3rem;background:var(--accent);color:var(--paper);font-size:.8rem;font-weight:700;text-transform:uppercase;vertical-align:.1em}`;

export const docsHeaders = pageHeaders(style, "'none'");

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** The page that shows an OpenAPI document to people: every call, every schema, every error. */
export function docsPage(document: unknown): string {
  const operations = entries(at(document, 'paths')).flatMap(([path, item]) =>
    entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => ({ path, method, operation, tag: text(list(at(operation, 'tags'))[0]) })),
  );
  const byTag = [...Map.groupBy(operations, ({ tag }) => tag)];
  const contents = byTag.map(([tag]) => `<a href="#${escaped(tag)}">${escaped(tag)}</a>`).join(' · ');
  const sections = byTag.map(
    ([tag, calls]) => `<h2 id="${escaped(tag)}">${escaped(tag)}</h2>${calls.map(operationHtml).join('')}`,
  );
  const schemas = entries(at(document, 'components', 'schemas')).map(
    ([name, schema]) => `<h3 id="schema-${escaped(name)}">${escaped(name)}</h3>${schemaHtml(schema)}`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Paidonce API</title><style>${style}</style></head><body>
<h1>Paidonce API</h1>${paragraphs(text(at(document, 'info', 'description')))}
<p><a href="/openapi.json">openapi.json</a> · ${contents} · <a href="#schemas">Schemas</a> · <a href="#errors">Errors</a></p>
${sections.join('')}<h2 id="schemas">Schemas</h2>${schemas.join('')}<h2 id="errors">Errors</h2>${errorsHtml()}
</body></html>`;
}

function operationHtml({ path, method, operation }: { path: string; method: string; operation: unknown }): string {
  const parameters = list(at(operation, 'parameters')).map((parameter) => [
    `<code>${escaped(text(at(parameter, 'name')))}</code> ${at(parameter, 'required') === true ? '' : '<span class="muted">optional</span>'}`,
    `<span class="muted">${escaped(text(at(parameter, 'in')))}</span> ${typeHtml(at(parameter, 'schema'))}`,
    describe(at(parameter, 'schema')),
  ]);
  const body = at(operation, 'requestBody', 'content', 'application/json');
  const example = at(body, 'example');
  const responses = entries(at(operation, 'responses')).map(([status, response]) => {
    const content = entries(at(response, 'content'))[0]?.[1];
    return [
      escaped(status),
      content === undefined ? '' : typeHtml(at(content, 'schema')),
      inline(text(at(response, 'description'))),
    ];
  });
  return `<h3 id="${escaped(`${method}-${path}`)}"><span class="method">${escaped(method)}</span> <code>${escaped(path)}</code></h3>
<p><strong>${escaped(text(at(operation, 'summary')))}</strong></p>${paragraphs(text(at(operation, 'description')))}
${table(parameters)}${body === undefined ? '' : `<p>Body: ${typeHtml(at(body, 'schema'))}</p>`}
${example === undefined ? '' : `<pre>${escaped(JSON.stringify(example, null, 2))}</pre>`}${table(responses)}`;
}

function schemaHtml(schema: unknown): string {
  const required = list(at(schema, 'required'));
  const fields = entries(at(schema, 'properties')).map(([name, field]) => [
    `<code>${escaped(name)}</code> ${required.includes(name) ? '' : '<span class="muted">optional</span>'}`,
    typeHtml(field),
    describe(field),
  ]);
  return fields.length > 0 ? table(fields) : `<p>${typeHtml(schema)} ${describe(schema)}</p>`;
}

/** A type in a few words, with links to the schemas it names. */
function typeHtml(schema: unknown): string {
  const reference = at(schema, '$ref');
  if (typeof reference === 'string') {
    const name = escaped(reference.split('/').at(-1) ?? '');
    return `<a href="#schema-${name}">${name}</a>`;
  }
  const values = list(at(schema, 'enum'));
  if (values.length > 0) return values.map((value) => `<code>${escaped(text(value))}</code>`).join(' ');
  const choices = [...list(at(schema, 'anyOf')), ...list(at(schema, 'oneOf')), ...list(at(schema, 'allOf'))];
  if (choices.length > 0) return choices.map(typeHtml).join(' or ');
  const type = at(schema, 'type');
  if (type === 'array') return `list of ${typeHtml(at(schema, 'items'))}`;
  const nested = entries(at(schema, 'properties'));
  if (nested.length > 0)
    return `{ ${nested.map(([name, field]) => `<code>${escaped(name)}</code>: ${typeHtml(field)}`).join(', ')} }`;
  const types = Array.isArray(type) ? type : [type ?? 'any'];
  return types.map((one) => escaped(text(one))).join(' or ');
}

function describe(schema: unknown): string {
  const bounds = ['default', 'minimum', 'maximum', 'maxLength', 'maxItems']
    .map((name) => [name, at(schema, name)] as const)
    .filter(([, value]) => typeof value === 'number' || typeof value === 'string')
    .map(([name, value]) => `${name} ${escaped(String(value))}`);
  return [inline(text(at(schema, 'description'))), ...bounds].filter((part) => part !== '').join('; ');
}

function errorsHtml(): string {
  const rows = Object.entries(errorCatalogue).map(([code, { status, title, fix }]) => [
    `<code id="${escaped(code)}">${escaped(code)}</code>`,
    String(status),
    `${inline(title)}. ${inline(fix)}`,
  ]);
  return table(rows);
}

function table(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  return `<table>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`;
}

function paragraphs(markdown: string): string {
  return markdown
    .split('\n\n')
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('');
}

function inline(markdown: string): string {
  return escaped(markdown).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** What stands in a document under these names, or undefined. */
function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) found = isRecord(found) ? found[name] : undefined;
  return found;
}

function entries(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
