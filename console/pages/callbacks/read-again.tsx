import type { CallbackDetail } from '../../../src/api/callbacks.ts';
import { Act } from '../../parts/act.tsx';
import { useTexts } from '../../texts/texts.ts';
import { callbacksTexts } from './texts.ts';

/** Taken for good already; reading them again finds the same. */
const settled: readonly string[] = ['verified', 'duplicate'];

interface ReadAgainProps {
  callback: Pick<CallbackDetail, 'id' | 'verdict'>;
  look?: 'row' | 'page';
}

export function ReadAgain({ callback, look = 'row' }: ReadAgainProps) {
  const say = useTexts(callbacksTexts);
  if (settled.includes(callback.verdict)) return null;
  return (
    <Act label={say('again')} text={say('again.text')} path={`/v1/callbacks/${callback.id}/reprocess`} look={look} />
  );
}
