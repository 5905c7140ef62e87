/** What those who follow the commits are told of: what came in, what it meant, and what went out. */
export const madeKinds = ['callback', 'fact', 'notification', 'attempt', 'discrepancy'] as const;
export type MadeKind = (typeof madeKinds)[number];
