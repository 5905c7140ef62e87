import { Text } from '@mantine/core';
import classes from './frame.module.css';

/** The name with its sign: a loop that closes once. */
export function Mark() {
  return (
    <span className={classes.name}>
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="var(--accent)" />
        <g fill="none" stroke="var(--surface)" strokeWidth="2.5" strokeLinecap="round" strokeLinejoin="round">
          <circle cx="16" cy="16" r="8.5" strokeDasharray="42 12" transform="rotate(-60 16 16)" />
          <path d="m12.2 16.3 2.7 2.7 5-5.6" />
        </g>
      </svg>
      <Text component="span" fw={650} size="lg">
        Paidonce
      </Text>
    </span>
  );
}
