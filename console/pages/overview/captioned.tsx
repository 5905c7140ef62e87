import { Text } from '@mantine/core';
import type { ReactNode } from 'react';

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
