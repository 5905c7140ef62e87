import { Box, Group, Paper, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import classes from './page.module.css';

interface PageProps {
  title: string;
  /** One line below the title. */
  lead?: ReactNode;
  /** Buttons at the right of the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** What every page begins with; its title is the tab's title too. */
export function Page({ title, lead, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Paidonce`;
  }, [title]);
  return (
    <div className={classes.page}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1}>{title}</Title>
          {lead === undefined ? null : (
            <Text c="var(--soft)" mt={2} component="div">
              {lead}
            </Text>
          )}
        </div>
        <Group gap="xs">{actions}</Group>
      </Group>
      {children}
    </div>
  );
}

interface SectionProps {
  title?: string;
  actions?: ReactNode;
  /** No space around the content: for tables and charts that go to the edge. */
  flush?: boolean;
  children: ReactNode;
}

/** A sheet of content under a heading. */
export function Section({ title, actions, flush = false, children }: SectionProps) {
  return (
    <Paper
      component="section"
      className={classes.section ?? ''}
      {...(title === undefined ? {} : { 'aria-label': title })}
    >
      {title === undefined && actions === undefined ? null : (
        <Group justify="space-between" className={classes.heading ?? ''} gap="sm">
          <Title order={2}>{title}</Title>
          <Group gap="xs">{actions}</Group>
        </Group>
      )}
      <div className={flush ? undefined : classes.content}>{children}</div>
    </Paper>
  );
}

/** Names and values of a thing, two columns that become one on a phone. A value of null is left out. */
export function Details({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={classes.details}>
      {items.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** Sheets side by side, as many as fit. */
export function Columns({ children, least = 320 }: { children: ReactNode; least?: number }) {
  return (
    <Box className={classes.columns ?? ''} __vars={{ '--least': `${least}px` }}>
      {children}
    </Box>
  );
}
