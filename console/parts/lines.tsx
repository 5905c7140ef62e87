import { Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './lines.module.css';

interface LineProps {
  title: ReactNode;
  /** What the title means, or more about it; it may be long. */
  note?: ReactNode;
  /** At the right, on a phone below. */
  side?: ReactNode;
}

/** Things of which each needs a sentence or two, one below the other: what a table has no room for. */
export function Lines({ children }: { children: ReactNode }) {
  return <ul className={classes.lines}>{children}</ul>;
}

export function Line({ title, note, side }: LineProps) {
  return (
    <li className={classes.line}>
      <div className={classes.text}>
        <Text fw={500} component="div">
          {title}
        </Text>
        {note === undefined || note === null ? null : (
          <Text size="sm" c="var(--soft)" component="div">
            {note}
          </Text>
        )}
      </div>
      {side === undefined ? null : (
        <Group gap="xs" className={classes.side ?? ''}>
          {side}
        </Group>
      )}
    </li>
  );
}
