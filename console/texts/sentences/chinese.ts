import { createSentences } from '../sentences.ts';
import { billSentences } from './bills.ts';
import { callbackSentences } from './callbacks.ts';
import { clientSentences } from './clients.ts';
import { diagnosisSentences } from './diagnosis.ts';
import { fieldSentences } from './fields.ts';
import { formatSentences } from './formats.ts';
import { orderSentences } from './orders.ts';
import { problemSentences } from './problems.ts';
import { trafficSentences } from './traffic.ts';

/** All pairs. The widest patterns stand at the end of the last area. */
export const chineseSentences = {
  ...orderSentences,
  ...problemSentences,
  ...trafficSentences,
  ...billSentences,
  ...clientSentences,
  ...diagnosisSentences,
  ...fieldSentences,
  ...formatSentences,
  ...callbackSentences,
};

/** The Chinese of a sentence of the server's; null where it has none. */
export const chineseOf = createSentences(chineseSentences);
