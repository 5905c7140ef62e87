import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { useMayAct } from './may-act.ts';

interface ActProps {
  /** The words on the button, and in the dialog that asks first. */
  label: string;
  /** What will happen, and to what. */
  text: string;
  path: string;
  /** Default: POST. */
  method?: 'POST' | 'PATCH' | 'DELETE';
  body?: unknown;
  danger?: boolean;
  /** Small in a row, plain above a page, filled where it is what the page is for at this moment. */
  look?: 'row' | 'page' | 'main';
  /** Before everything shown is read again. */
  onDone?: () => Promise<unknown>;
}

const looks = { row: { size: 'compact-xs', variant: 'default' }, page: { variant: 'default' }, main: {} } as const;

/** One thing that a person may do to a row or to a whole page's thing, asked for first. Viewers do not see it. */
export function Act(props: ActProps) {
  const { label, text, path, method = 'POST', body, danger = false, look = 'row', onDone } = props;
  const mayAct = useMayAct();
  const [isAsking, setIsAsking] = useState(false);
  if (!mayAct) return null;
  return (
    <>
      <Button {...looks[look]} onClick={() => setIsAsking(true)}>
        {label}
      </Button>
      <ConfirmDialog
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        title={label}
        confirm={label}
        danger={danger}
        run={async () => {
          await call(method, path, { body });
          await onDone?.();
        }}
      >
        <Text>{text}</Text>
      </ConfirmDialog>
    </>
  );
}
