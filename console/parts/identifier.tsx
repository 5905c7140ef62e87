import { ActionIcon, CopyButton, Group, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';

/** An id, a URL, a number to copy. `short` shows its beginning and end. */
export function Identifier({ text, short = false }: { text: string; short?: boolean }) {
  const say = useTexts(commonTexts);
  const shown = short && text.length > 20 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text;
  return (
    <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
      <span className="mono" title={text} style={{ overflowWrap: 'anywhere' }}>
        {shown}
      </span>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? say('copied') : say('copy')}>
            <ActionIcon variant="subtle" color="gray" size="xs" onClick={copy} aria-label={`${say('copy')} ${text}`}>
              {copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}
