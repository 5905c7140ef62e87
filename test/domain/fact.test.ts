import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareFacts, type Fact, factKey, factKinds, paymentKey } from '../../src/domain/fact.ts';
import { captured, cumulative, fact, other } from './histories.ts';

const one = captured('P1', 100);

describe('the key of a fact', () => {
  it.each([
    ['time', { providerTime: 99 }],
    ['source', { source: 'statement' as const }],
    ['reference', { reference: null }],
    ['payment', { paymentId: 'another name for it' }],
    ['setting for amounts', { fromOrder: true }],
  ])('is the same for another %s', (_, change) => {
    expect(factKey({ ...one, ...change })).toBe(factKey(one));
  });

  it.each([
    ['account', { account: other }],
    ['kind', { kind: 'authorized' as const }],
    ['operation', { operationId: 'P2' }],
    ['measure', cumulative],
    ['amount', { amountMinor: 101n }],
    ['currency', { currency: 'USD' }],
    ['unsaid amount', { amountMinor: null, currency: null }],
    ['need for a person', { needsPerson: true as const }],
  ])('is another for another %s', (_, change) => {
    expect(factKey({ ...one, ...change })).not.toBe(factKey(one));
  });

  it('has the reference where ids are only unique with it', () => {
    const scoped: Fact = { ...one, scopedByReference: true, reference: 'A' };
    expect(factKey(scoped)).not.toBe(factKey({ ...scoped, reference: 'B' }));
    expect(paymentKey(scoped)).not.toBe(paymentKey({ ...scoped, reference: 'B' }));
    expect(paymentKey(one)).toBe(paymentKey({ ...one, reference: 'B' }));
  });

  it('cannot be imitated by text in an id', () => {
    const quoted = { ...one, operationId: 'P1","s' };
    expect(factKey(quoted)).not.toBe(factKey(one));
    expect(paymentKey({ ...one, paymentId: 'P1"]' })).not.toBe(paymentKey(one));
  });
});

describe('the tie order', () => {
  it('is by time, then kind, then operation', () => {
    const early = fact('reversed', ['P1', 'Z', 1, 1]);
    const authorized = fact('authorized', ['P1', 'Z', 1, 2]);
    const first = fact('captured', ['P1', 'A', 1, 2]);
    const second = fact('captured', ['P1', 'B', 1, 2]);
    expect([second, first, authorized, early].sort(compareFacts)).toEqual([early, authorized, first, second]);
  });

  it('leaves no two facts equal, so that sorting forgets how they arrived', () => {
    const some = fc
      .tuple(
        fc.constantFrom(...factKinds),
        fc.constantFrom('A', 'B'),
        fc.constantFrom(1, 2, null),
        fc.constantFrom(1, 2),
      )
      .map(([kind, operation, amount, at]) => fact(kind, ['P1', operation, amount, at]));
    fc.assert(
      fc.property(fc.uniqueArray(some, { selector: factKey }), (facts) => {
        expect(facts.toReversed().sort(compareFacts)).toEqual(facts.toSorted(compareFacts));
      }),
    );
  });
});
