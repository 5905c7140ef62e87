/** A decision's input as text that an outbox row can hold: JSON, with whole amounts as `{"$": "123"}`. */
export function toOutboxText(input: object): string {
  return JSON.stringify(input, (_, value) => (typeof value === 'bigint' ? { $: String(value) } : value));
}

/** Reads back what {@link toOutboxText} wrote. Only our own rows come here. */
export function fromOutboxText<T extends object>(text: string): T {
  return JSON.parse(text, (_, value) =>
    typeof value === 'object' && value !== null && typeof value.$ === 'string' ? BigInt(value.$) : value,
  );
}
