import type { OpenAPIHono } from '@hono/zod-openapi';
import type { BlankEnv } from 'hono/types';

export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

const description = `Payment results, delivered and taken into effect once.

Amounts are in minor units (\`amount_minor\`) with a \`currency\`: an integer or a text of digits is accepted; answers give an
integer up to 2^53 − 1, a text beyond. Times are ISO 8601 in UTC. Errors are \`application/problem+json\` (RFC 9457) with a
\`code\` of the catalogue and the next step in \`fix\`. Lists are pages: pass \`next_cursor\` as \`cursor\` to go on.`;

/** OpenAPI 3.1, from the schemas that validate. */
export function apiDocument(app: OpenAPIHono<BlankEnv>, publicUrl: string): ApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'The admin key, or an API key made with POST /v1/keys.',
  });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Paidonce', version: '1', description },
    servers: [{ url: publicUrl }],
  });
}
