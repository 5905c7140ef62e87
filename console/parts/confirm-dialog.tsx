import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import { Refused } from './states.tsx';

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What will happen. */
  children?: ReactNode;
  /** The words on the button. */
  confirm: string;
  danger?: boolean;
  /** Whether a note must be given: it reaches `run`, and is kept with the action. */
  withNote?: boolean;
  /** Whether it cannot be confirmed as it is. */
  disabled?: boolean;
  /** Default: that of a question; `lg` for forms. */
  size?: 'md' | 'lg';
  run: (note: string) => Promise<unknown>;
}

/** Asks before something is done, tells why it could not be, and has everything shown read again when it was. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, onClose, title, children, confirm, danger = false, withNote = false, run } = props;
  const say = useTexts(commonTexts);
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const [isTried, setIsTried] = useState(false);
  const doing = useMutation({
    mutationFn: run,
    onSuccess: async () => {
      close();
      await client.invalidateQueries();
    },
  });
  const close = () => {
    setNote('');
    setIsTried(false);
    doing.reset();
    onClose();
  };
  const isMissing = withNote && note.trim() === '';
  const look = { disabled: props.disabled ?? false, ...(danger ? { color: 'red' } : {}) };
  const submit = () => {
    setIsTried(true);
    if (!isMissing) doing.mutate(note.trim());
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size={props.size ?? 'md'}
      title={<Text fw={600}>{title}</Text>}
      closeButtonProps={{ 'aria-label': say('close') }}
    >
      <Stack
        component="form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {children}
        {withNote ? (
          <Textarea
            label={say('note')}
            description={say('noteHint')}
            error={isTried && isMissing ? say('noteNeeded') : null}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            maxLength={1000}
            autosize
            minRows={2}
            data-autofocus
          />
        ) : null}
        <Refused error={doing.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {say('cancel')}
          </Button>
          <Button type="submit" loading={doing.isPending} {...look}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
