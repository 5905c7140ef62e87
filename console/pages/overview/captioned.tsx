import { Text } from '@mantine/core';
import { lazy, type ReactNode } from 'react';

/** Loaded beside the page: drawing takes more than all the rest. */
export const TimeChart = lazy(async () => {
  nameLanguage();
  return { default: (await import('../../parts/time-chart.tsx')).TimeChart };
});

/**
 * The drawing library asks for numbers in the browser's language as it loads. Under a POSIX locale Chromium says `en-US@posix`, which
 * no formatter takes, and the page would fail.
 */
function nameLanguage(): void {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    // Every number and time that is shown is in the language of the page.
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  }
}

/** A chart with a line that says what it shows. */
export function Captioned({ caption, children }: { caption: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="var(--soft)" mb="xs">
        {caption}
      </Text>
      {children}
    </div>
  );
}
