import { openStand } from '../parts/stand.ts';
import { createTickets } from './tickets.ts';

await openStand('tickets', 7801, createTickets);
