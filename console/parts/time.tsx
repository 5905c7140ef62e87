import { commonTexts } from '../texts/common.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';

interface TimeProps {
  /** ISO 8601 in UTC, as the API answers; null shows a dash. */
  at: string | null;
  /** `short`: for tables; without the year where it is this one. */
  form?: 'full' | 'short' | 'clock' | 'date';
}

const forms = {
  full: { dateStyle: 'medium', timeStyle: 'medium' },
  date: { dateStyle: 'medium' },
  short: { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** A moment in the viewer's zone; pointing at it tells it in UTC. */
export function Time({ at, form = 'short' }: TimeProps) {
  const { tag } = useLanguage();
  const say = useTexts(commonTexts);
  if (at === null) return <span>{say('noValue')}</span>;
  const moment = new Date(at);
  const isThisYear = moment.getFullYear() === new Date().getFullYear();
  const options = form === 'short' && !isThisYear ? { ...forms.short, year: 'numeric' as const } : forms[form];
  return (
    <time dateTime={at} title={say('utc', { time: at.replace('T', ' ').replace('Z', '') })} className="numbers">
      {new Intl.DateTimeFormat(tag, { hourCycle: 'h23', ...options }).format(moment)}
    </time>
  );
}
