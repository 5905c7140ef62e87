/** Something worth knowing that happened. One file of the server turns signals into log lines and metrics; code only names them. */
export interface Signal {
  /** Stable name, `area.event`. */
  name: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  /** Ids, counts, durations in milliseconds, codes. Never secrets, card data or whole bodies. */
  fields: Readonly<Record<string, string | number | boolean | null>>;
}

/** The one call through which code is observed. It never throws and returns at once. */
export type Observe = (name: string, level: Signal['level'], fields: Signal['fields']) => void;

export const unobserved: Observe = () => {};
