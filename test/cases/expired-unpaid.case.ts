import { type Case, costs, later, minutes } from './words.ts';

export const story: Case = {
  says: 'nobody paid in time: our clock alone closes nothing',
  does: [costs(8880, { withinMs: minutes(10) }), later(minutes(11))],
  gives: { order: { status: 'pending', captured_minor: 0 }, sent: [], open: [] },
};
