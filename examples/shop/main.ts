import { openStand } from '../parts/stand.ts';
import { createShop } from './shop.ts';

await openStand('shop', 7800, createShop);
