import { openStand } from '../parts/stand.ts';
import { createTopup } from './topup.ts';

await openStand('topup', 7802, createTopup);
