import { Text } from '@mantine/core';
import { lazy, type ReactNode } from 'react';

/** Loaded beside the page: drawing takes more than all the rest. */
export const TimeChart = lazy(async () => ({ default: (await import('../../parts/time-chart.tsx')).TimeChart }));

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
