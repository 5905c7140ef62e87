import { type NotificationType, notificationTypes } from '../../domain/notification.ts';

/** A format's own words for the types that it can say. */
export interface WordsOf<Word> {
  types: readonly NotificationType[];
  /** @throws RangeError for a type without a word. */
  wordFor(type: NotificationType): Word;
}

export function wordsOf<Word>(table: Partial<Record<NotificationType, Word>>): WordsOf<Word> {
  return {
    types: notificationTypes.filter((type) => table[type] !== undefined),
    wordFor(type) {
      const word = table[type];
      if (word === undefined) throw new RangeError(`the format has no word for ${type}`);
      return word;
    },
  };
}
