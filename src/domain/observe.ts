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

/** For an observer of the user's own: what it throws must not keep a slot or end the process. */
export function neverThrowing(observe: Observe): Observe {
  return (name, level, fields) => {
    try {
      observe(name, level, fields);
    } catch {
      // There is nowhere left to tell it.
    }
  };
}
