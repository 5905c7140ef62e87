import { useEffect, useState } from 'react';
import type { CheckedCredentials, ProviderRow } from '../../../src/api/providers.ts';
import { call, segment } from '../../api/call.ts';
import type { Side } from './fields.ts';

const nothingWrong: CheckedCredentials = { errors: [], secrets: [] };
/** Long enough not to ask at every key, short enough to answer a pause. */
const pauseMs = 350;

/**
 * What the API would refuse of credentials, asked a moment after somebody stopped typing. Nothing of them stays behind: they are in no
 * cache, and what was found is forgotten with the form. Where the API cannot be asked, whatever takes the form will say it.
 */
export function useCheck(provider: ProviderRow, side: Side, mode: string, credentials: unknown): CheckedCredentials {
  const [checked, setChecked] = useState(nothingWrong);
  const body = JSON.stringify({ side, mode, credentials });
  useEffect(() => {
    const over = new AbortController();
    const path = `/v1/providers/${segment(provider.name)}/check`;
    const ask = () =>
      void call<CheckedCredentials>('POST', path, { body: JSON.parse(body), signal: over.signal }).then(
        setChecked,
        () => undefined,
      );
    const timer = setTimeout(ask, pauseMs);
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [provider.name, body]);
  return checked;
}
