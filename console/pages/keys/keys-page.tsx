import { Badge, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiKeyRow } from '../../../src/api/keys.ts';
import { call, segment } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { AdminOnly } from '../../parts/admin-only.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { type Column, List } from '../../parts/list.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { useTexts } from '../../texts/texts.ts';
import { MakeKey } from './make-key.tsx';
import { keysTexts } from './texts.ts';

/** Who may come in, and what they may do. */
export function KeysPage() {
  const say = useTexts(keysTexts);
  const { data: session } = useQuery(sessionQuery);
  const [isMaking, setIsMaking] = useState(false);
  const make = <Button onClick={() => setIsMaking(true)}>{say('make')}</Button>;
  const columns: Column<ApiKeyRow>[] = [
    { name: 'name', header: say('name'), cell: ({ name }) => name },
    { name: 'scopes', header: say('scopes'), cell: (row) => <Scopes row={row} /> },
    { name: 'merchants', header: say('merchants'), cell: ({ merchants }) => merchants?.join(', ') ?? say('all') },
    { name: 'id', header: say('id'), wide: true, cell: ({ id }) => <Identifier text={id} short /> },
    {
      name: 'created',
      header: say('created'),
      align: 'right',
      wide: true,
      cell: (row) => <Time at={row.created_at} />,
    },
    { name: 'acts', header: '', align: 'right', cell: (row) => <Remove row={row} /> },
  ];
  return (
    <Page title={say('title')} lead={say('lead')} actions={session?.role === 'admin' ? make : null}>
      <AdminOnly>
        <List
          path="/v1/keys"
          columns={columns}
          rowKey={({ id }) => id}
          empty={
            <Empty title={say('empty.title')} action={make}>
              {say('empty')}
            </Empty>
          }
        />
        <MakeKey opened={isMaking} onClose={() => setIsMaking(false)} />
      </AdminOnly>
    </Page>
  );
}

function Scopes({ row: { scopes } }: { row: ApiKeyRow }) {
  const say = useTexts(keysTexts);
  return (
    <Group gap={4} wrap="nowrap">
      {scopes.map((scope) => (
        <Badge key={scope} color={scope === 'operate' ? 'orange' : 'gray'}>
          {say(`scope.${scope}`)}
        </Badge>
      ))}
    </Group>
  );
}

function Remove({ row: { id, name } }: { row: ApiKeyRow }) {
  const say = useTexts(keysTexts);
  const [isAsking, setIsAsking] = useState(false);
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => setIsAsking(true)}>
        {say('remove')}
      </Button>
      <ConfirmDialog
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        title={say('remove.title')}
        confirm={say('remove')}
        danger
        run={() => call('DELETE', `/v1/keys/${segment(id)}`)}
      >
        <Text>{say('remove.text', { name })}</Text>
      </ConfirmDialog>
    </>
  );
}
