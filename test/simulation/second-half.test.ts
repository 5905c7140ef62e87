import { describe } from 'vitest';
import { fiveHundred } from './seeds.ts';

// Apart from the first, so that two cores have work.
describe('the simulation', () => fiveHundred(501));
