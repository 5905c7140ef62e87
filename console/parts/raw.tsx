import { Box, Text } from '@mantine/core';
import { masked } from './masked.ts';
import classes from './raw.module.css';

/** A text as it went over the wire; JSON is laid out for reading. */
export function Raw({ title, text, note }: { title: string; text: string; note?: string }) {
  return (
    <Box>
      <Text size="xs" c="var(--soft)" mb={4}>
        {title}
      </Text>
      <section aria-label={title}>
        {/* It scrolls, so the keyboard must reach it. */}
        <Box component="pre" className={classes.raw ?? ''} tabIndex={0}>
          {laidOut(text)}
        </Box>
      </section>
      {note === undefined ? null : (
        <Text size="xs" c="var(--soft)">
          {note}
        </Text>
      )}
    </Box>
  );
}

export function Headers({ title, pairs }: { title: string; pairs: readonly (readonly string[])[] }) {
  if (pairs.length === 0) return null;
  return (
    <Raw
      title={title}
      text={masked(pairs)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n')}
    />
  );
}

/** Bytes that came in base64, as text. */
export function bytesText(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/** Only where laying out changes nothing but space: a number that JavaScript would round keeps its digits. */
function laidOut(text: string): string {
  if (!/^\s*[{[]/.test(text) || /\d{16}/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // It only looks like JSON.
    return text;
  }
}
