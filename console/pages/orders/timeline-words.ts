import type { TimelineEntry } from '../../../src/api/orders.ts';
import { useMoney } from '../../parts/money.tsx';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { useWord } from '../../texts/words.ts';
import { orderTexts } from './texts.ts';

export const lanes = ['callback', 'fact', 'notification', 'attempt', 'discrepancy', 'action'] as const;
export type Lane = (typeof lanes)[number];

/** Where an entry is drawn: what was asked or expected is beside what people did, what waits to be tried beside attempts. */
export function laneOf({ what }: TimelineEntry): Lane {
  if (what === 'expectation' || what === 'ask') return 'action';
  return what === 'delivery' ? 'attempt' : what;
}

/** How well it went, for the colour of its mark. */
export function toneOf({ what, details }: TimelineEntry): 'good' | 'bad' | 'open' {
  if (what === 'attempt') return details.step === 'confirmed' ? 'good' : 'bad';
  if (what === 'callback') return details.verdict === 'verified' || details.verdict === 'duplicate' ? 'good' : 'bad';
  if (what === 'discrepancy') return details.state === 'open' ? 'bad' : 'good';
  return what === 'delivery' || what === 'ask' ? 'open' : 'good';
}

/** An entry in the viewer's words. */
export function useTimelineWords(): (entry: TimelineEntry) => { text: string; why: string } {
  const say = useTexts(orderTexts);
  const word = useWord();
  const money = useMoney();
  const sentence = useSentence();
  return ({ what, text, why: english, details }) => {
    const why = sentence(english);
    const value = (name: string) => String(details[name] ?? '');
    const amount =
      typeof details.amount === 'string' ? money(details.amount, value('currency') || null) : say('noAmount');
    switch (what) {
      case 'expectation': {
        const revision = Number(details.revision ?? 1);
        const said = revision > 1 ? say('say.revision', { amount, revision }) : say('say.expectation', { amount });
        return { text: said, why: details.unverified === true ? say('unverified') : '' };
      }
      case 'callback': {
        const { provider, verdict } = { provider: value('provider'), verdict: word('verdict', value('verdict')) };
        const known = details.verdict === 'verified' && details.code === null ? say('why.verified') : why;
        return { text: say('say.callback', { provider, verdict }), why: known };
      }
      case 'fact': {
        const values = { kind: word('fact', value('kind')), amount, payment: value('payment') };
        const said = Number(details.sighting) > 1 ? say('say.factAgain', values) : say('say.fact', values);
        return { text: said, why: say('why.toldBy', { source: word('source', value('source')) }) };
      }
      case 'notification': {
        const values = { type: value('type'), sequence: value('sequence'), amount };
        return { text: say('say.notification', values), why: details.callback === null ? why : say('why.byCallback') };
      }
      case 'delivery':
        return { text: say('say.delivery', { target: value('target'), state: word('delivery', value('state')) }), why };
      case 'attempt': {
        const values = { number: value('number'), target: value('target'), step: word('step', value('step')) };
        const said =
          details.status === null
            ? say('say.attempt', values)
            : say('say.attemptStatus', { ...values, status: value('status') });
        const ms = Math.round(Number(details.took ?? 0));
        return { text: said, why: details.error === null ? say('why.confirmed', { ms }) : why };
      }
      case 'discrepancy': {
        const values = { kind: word('kind_of_discrepancy', value('kind')), state: word('discrepancy', value('state')) };
        return { text: say('say.discrepancy', values), why };
      }
      case 'action':
        return { text: say('say.action', { what: value('what'), by: value('by') }), why };
      case 'ask':
        return details.answer === null
          ? { text: say('say.askDue'), why }
          : { text: say('say.ask', { tries: value('tries'), answer: sentence(value('answer')) }), why };
      default:
        return { text, why };
    }
  };
}
