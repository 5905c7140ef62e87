import { type Paidonce, type PaidonceOptions, paidonceOn } from '../paidonce.ts';
import type { Parts } from './server.ts';

/** The library on a server's own service, for what is mounted beside it. Register handlers at once, and start it when the server runs. */
export function libraryOn(
  parts: Pick<Parts, 'service'>,
  options: Pick<PaidonceOptions, 'merchant' | 'accounts'>,
): Paidonce {
  return paidonceOn(parts.service, options);
}
