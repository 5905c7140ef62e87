import { jobTexts } from '../texts/jobs.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';
import { useWord } from '../texts/words.ts';

/** What a job goes through, as the API answers it. */
export type JobFilter = Readonly<Record<'merchant' | 'from' | 'to', string | null>> &
  Readonly<Partial<Record<'endpoint' | 'account' | 'provider' | 'state' | 'type' | 'verdict', string | null>>>;

/** A filter in one line. */
export function useFilterWords(): (filter: JobFilter) => string {
  const say = useTexts(jobTexts);
  const word = useWord();
  const { tag } = useLanguage();
  const moment = (at: string) => new Date(at).toLocaleString(tag, { dateStyle: 'medium', timeStyle: 'short' });
  return ({ merchant, endpoint, account, provider, state, type, verdict, from, to }) => {
    const said = [
      merchant,
      endpoint,
      account,
      provider,
      state ? word('delivery', state) : null,
      type,
      verdict ? word('verdict', verdict) : null,
      from === null ? null : `${say('from')} ${moment(from)}`,
      to === null ? null : `${say('to')} ${moment(to)}`,
    ].filter((one) => one !== null && one !== undefined);
    return said.length === 0 ? say('everything') : said.join(' · ');
  };
}
