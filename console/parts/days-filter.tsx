import '@mantine/dates/styles.css';
import { DatePickerInput } from '@mantine/dates';
import 'dayjs/locale/zh-cn';
import { useEffect, useState } from 'react';
import { commonTexts } from '../texts/common.ts';
import { useLanguage, useTexts } from '../texts/texts.ts';
import { useSearchState } from './search.ts';

type Days = [string | null, string | null];

/** The days of a list, in the viewer's zone: the address has the first and the last as `from` and `to`. */
export function DaysFilter() {
  const say = useTexts(commonTexts);
  const { language } = useLanguage();
  const [{ from = null, to = null }, change] = useSearchState();
  const [days, setDays] = useState<Days>([from, to]);
  useEffect(() => setDays([from, to]), [from, to]);
  return (
    <DatePickerInput
      type="range"
      label={say('days')}
      placeholder={say('all')}
      locale={language === 'zh' ? 'zh-cn' : 'en'}
      valueFormat={language === 'zh' ? 'YYYY年M月D日' : 'D MMM YYYY'}
      allowSingleDateInRange
      clearable
      value={days}
      onChange={(chosen) => {
        setDays(chosen);
        const [first, last] = chosen;
        // Half a range is still being chosen.
        if ((first === null) === (last === null)) change({ from: first ?? '', to: last ?? '' });
      }}
      w={240}
    />
  );
}
