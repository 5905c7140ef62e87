import { Fragment } from 'react';
import { useSentence } from '../texts/use-sentence.ts';
import { Time } from './time.tsx';

const moments = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)/;

/** A sentence of the server's, in the language of the viewer, with the moments in it as they are read there. */
export function WithTimes({ text }: { text: string }) {
  // Every second part is a moment.
  const parts = useSentence()(text)
    .split(moments)
    .map((part, index) => ({ part, name: `${index} ${part}`, isMoment: index % 2 === 1 }));
  return parts.map(({ part, name, isMoment }) => (
    <Fragment key={name}>{isMoment ? <Time at={part} /> : part}</Fragment>
  ));
}
