interface ErrorEntry {
  /** HTTP status it is answered with. */
  status: number;
  title: string;
  /** The same call may succeed later without a change. */
  retryable: boolean;
  /** The next step for the person who meets it. */
  fix: string;
}

/**
 * Every operating error, by code (`area.problem`): the one catalogue. The reference page of errors is generated from it.
 */
export const errorCatalogue = {
  'request.invalid': entry(422, 'The request is not valid', 'Correct the fields that `errors` points at.'),
  'request.malformed': entry(
    400,
    'The request cannot be read',
    'Send what the detail asks for: mostly valid JSON in UTF-8.',
  ),
  'request.unreadable': entry(
    400,
    'The pasted request cannot be read',
    'Paste a curl command, a HAR entry, or a request line with headers, an empty line and the body.',
  ),
  'request.too_large': entry(413, 'The body is too large', 'Send fewer or smaller items; the limit is in the detail.'),
  'request.incomplete': entry(400, 'The body ended early', 'Send as many bytes as content-length says.'),
  'request.method': entry(405, 'The method is not allowed here', 'Use one of the methods in the `allow` header.'),
  'request.media_type': entry(415, 'The content type is not accepted', 'Send the body as application/json in UTF-8.'),
  'request.timeout': entry(
    408,
    'The request came too slowly',
    'Send the whole request within the time in the detail.',
    true,
  ),
  'request.headers': entry(
    431,
    'The headers are too large',
    'Send fewer or shorter headers; the limit is in the detail.',
  ),
  'request.rate_limited': entry(429, 'Too many requests', 'Wait for the seconds in the `retry-after` header.', true),
  'request.not_found': entry(404, 'There is nothing here', 'Check the path and the id.'),
  'auth.missing': entry(401, 'An API key is needed', 'Send `Authorization: Bearer <API key>`.'),
  'auth.invalid': entry(401, 'The API key is not known', 'Check the key; make one with POST /v1/keys.'),
  'auth.scope': entry(403, 'The API key may not do this', 'Use a key with the scope and merchant named in the detail.'),
  'merchant.unknown': entry(404, 'The merchant does not exist', 'Create it with POST /v1/merchants.'),
  'merchant.exists': entry(
    409,
    'A merchant with this id exists',
    'Choose another id, or change the existing one with PATCH.',
  ),
  'account.unknown': entry(404, 'The account does not exist', 'Check the id; list accounts with GET /v1/accounts.'),
  'account.credentials': entry(422, 'The credentials are not usable', 'Correct the fields that `errors` points at.'),
  'provider.unknown': entry(422, 'The provider does not exist', 'Use one of the names in the detail.'),
  'provider.cannot_say': entry(
    422,
    'The format has no word for this',
    'Choose a provider whose format can say this type and currency.',
  ),
  'provider.cannot_ask': entry(
    422,
    'The provider cannot be asked',
    'Add the API credentials named in the detail to the account.',
  ),
  'provider.unreachable': entry(
    503,
    'The provider did not answer',
    'Try again later; nothing is known of what the request did.',
    true,
  ),
  'provider.refused': entry(502, 'The provider refused the request', 'See what it said in the detail.'),
  'provider.answer': entry(
    502,
    'The answer of the provider cannot be used',
    'Check the keys of the account; see the reason in the detail.',
    true,
  ),
  'statement.malformed': entry(
    422,
    'The statement cannot be read',
    'Send the file as the provider gives it; the detail names the line.',
  ),
  'statement.absent': entry(
    503,
    'The platform has no statement of this day',
    'Ask again later: a day has its statement on the next one, and may have none where nothing happened.',
    true,
  ),
  'statement.unsupported': entry(
    422,
    'No bill of this provider is read',
    'Use an account of a provider whose bills are read.',
  ),
  'reconciliation.unknown': entry(
    404,
    'The reconciliation does not exist',
    'Check the id; list them with GET /v1/reconciliations.',
  ),
  'endpoint.unknown': entry(404, 'The endpoint does not exist', 'Check the id; list endpoints with GET /v1/endpoints.'),
  'endpoint.state': entry(
    409,
    'The endpoint is not in a state that allows this',
    'Read the endpoint, and see the reason in the detail.',
  ),
  'endpoint.url': entry(
    422,
    'The URL may not be delivered to',
    'Use https and a public host, or allow the target in the configuration.',
  ),
  'order.unknown': entry(404, 'The order does not exist', 'Check the order number and the merchant.'),
  'order.currency_fixed': entry(
    409,
    'The currency cannot change after money has arrived',
    'Make a new order in the other currency.',
  ),
  'order.reference_taken': entry(
    409,
    'Another order has this reference',
    'Use a reference that only this order has on the account.',
  ),
  'order.confirm_contradicted': entry(
    409,
    'The provider says otherwise',
    'See what it says in the detail; `override: true` records the payment all the same and opens a discrepancy.',
  ),
  'callback.unknown': entry(404, 'The callback does not exist', 'Check the id.'),
  'notification.unknown': entry(404, 'The notification does not exist', 'Check the id.'),
  'delivery.unknown': entry(404, 'The delivery does not exist', 'Check the id.'),
  'delivery.state': entry(409, 'The delivery is not in a state that allows this', 'See the state in the detail.'),
  'replay.unknown': entry(404, 'The replay does not exist', 'Check the id.'),
  'replay.state': entry(409, 'The replay is not in a state that allows this', 'See the state in the detail.'),
  'discrepancy.unknown': entry(404, 'The discrepancy does not exist', 'Check the id.'),
  'discrepancy.action': entry(422, 'This action does not fit the discrepancy', 'Use one of the actions in the detail.'),
  'publish.idempotency_mismatch': entry(
    409,
    'The idempotency key was used with another body',
    'Use a new idempotency key for a new notification.',
  ),
  'publish.no_secrets': entry(
    422,
    'The merchant has no signing secrets for this provider',
    'Add `credentials` for the provider to the merchant.',
  ),
  'api_key.unknown': entry(404, 'The API key does not exist', 'Check the id; list keys with GET /v1/keys.'),
  'handler.outside_tx': entry(500, 'A store call inside a handler must use its tx', 'Pass `{ tx }` to the call.'),
  'handler.tx_control': entry(
    500,
    'A handler may not begin, commit or roll back',
    'Return to commit, throw to roll back.',
  ),
  'handler.tx_over': entry(500, 'The transaction is over', 'Await every query before the handler returns.'),
  'handler.deadline': entry(500, 'The handler took longer than its deadline', 'Move slow work into an effect.'),
  'handler.value': entry(
    500,
    'A value of this type cannot be stored',
    'Pass string, number, bigint, boolean, null or bytes.',
  ),
  'stream.full': entry(429, 'Too many viewers watch', 'Close another stream, or try again later.', true),
  'store.closed': entry(503, 'The store is closed', 'Start the service again.', true),
  'store.overloaded': entry(503, 'Too much is waiting for the store', 'Try again later.', true),
  'store.unavailable': entry(503, 'The store cannot commit', 'Try again later; see the log for the reason.', true),
  'store.locked': entry(
    500,
    'Another process serves this data folder',
    'Stop the other process, or choose another data folder.',
  ),
  'store.migration_changed': entry(
    500,
    'An applied migration differs from this version',
    'Run the version that made the database, or restore a backup.',
  ),
  'store.newer': entry(500, 'The database was made by a newer version', 'Run that version or a newer one.'),
  'store.deadline': entry(503, 'A read took too long', 'Narrow the range and try again.', true),
  'secrets.master_key': entry(
    500,
    'Stored secrets cannot be decrypted',
    'Start with the master key that encrypted them.',
  ),
  'config.invalid': entry(500, 'The configuration is not valid', 'Correct the setting named in the detail.'),
  'server.internal': entry(
    500,
    'Something failed inside',
    'Try again; if it stays, look for this moment in the log.',
    true,
  ),
  'server.not_ready': entry(
    503,
    'The server is not ready',
    'Wait until /readyz answers 200; the reason is in the detail.',
    true,
  ),
  'sandbox.unknown': entry(
    404,
    'The sandbox payment does not exist',
    'Check the id; POST /sandbox/payments makes one.',
  ),
  'sandbox.state': entry(409, 'The sandbox payment is not in a state that allows this', 'See the state in the detail.'),
  'doctor.not_owner': entry(
    403,
    'The host has not proved that it is yours',
    'Put the token of the detail into the file of the detail, or attack a server on this machine.',
  ),
  'doctor.unknown_attack': entry(422, 'There is no such attack', 'Use one of the names in the detail.'),
  'signature.missing': entry(401, 'The signature is missing', 'Send the header or field named in the detail.'),
  'signature.duplicated': entry(
    401,
    'A header that must be single came twice',
    'Remove the proxy or client setting that adds a copy.',
  ),
  'signature.malformed': entry(401, 'The signature cannot be read', 'Send it in the encoding named in the detail.'),
  'signature.mismatch': entry(
    401,
    'The signature does not match',
    'See the likely cause in the detail; `paidonce verify` shows more.',
  ),
  'signature.unknown_key': entry(401, 'No key for this serial or key id', 'Add the key to the account.'),
  'signature.scheme': entry(
    401,
    'The signature scheme is not accepted',
    'Use the scheme the account is configured for.',
  ),
  'signature.probe': entry(
    401,
    'A deliberate wrong signature was refused',
    'Nothing to do: the provider tests that signatures are checked.',
  ),
  'callback.not_confirmed': entry(
    422,
    'The provider does not confirm it',
    'Look for the payment at the provider; `reprocess` reads the callback back once more.',
  ),
  'callback.stale': entry(400, 'The timestamp is outside the window', 'Check the clocks on both sides.'),
  'callback.malformed': entry(400, 'The callback cannot be read', 'See the detail.'),
  'callback.decrypt': entry(401, 'The body cannot be decrypted', 'Check the encryption key of the account.'),
  'callback.not_encrypted': entry(
    401,
    'A plain body where an encrypted one is required',
    'Send it encrypted, or remove `encryption_keys`.',
  ),
  'callback.other_account': entry(
    401,
    'An authentic callback for somebody else',
    'Check the callback URL and the ids of the account.',
  ),
  'callback.nonce_reused': entry(400, 'The nonce was used with another body', 'Use a fresh nonce for each callback.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** A single field that is wrong, by JSON pointer. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** An operating error that a caller can act on. `detail` names the thing and the reason, never a secret or a whole body. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];

  constructor(code: ErrorCode, detail: string, options: { errors?: readonly FieldError[]; cause?: unknown } = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.errors = options.errors ?? [];
  }

  get entry(): ErrorEntry {
    return errorCatalogue[this.code];
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalogue, text);
}

function entry(status: number, title: string, fix: string, retryable = false): ErrorEntry {
  return { status, title, fix, retryable };
}
