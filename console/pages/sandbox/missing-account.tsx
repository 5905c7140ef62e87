import { Alert, Button, Group, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { merchantsQuery } from '../../api/all-of.ts';
import type { CallError } from '../../api/call.ts';
import { useMayAct } from '../../parts/may-act.ts';
import { Refused } from '../../parts/states.tsx';
import { useTexts } from '../../texts/texts.ts';
import { addAccountFor } from './sandbox-api.ts';
import { sandboxTexts } from './texts.ts';

/** Nobody here opens this provider's format yet: makes an account with the keys that the sandbox signs with. */
export function MissingAccount({ provider, onMade }: { provider: string; onMade: (id: string) => void }) {
  const say = useTexts(sandboxTexts);
  const client = useQueryClient();
  const canAct = useMayAct();
  const { data: found = [] } = useQuery(merchantsQuery);
  const merchants = found.filter(({ id }) => id !== 'sandbox');
  const [chosen, setChosen] = useState<string | null>(null);
  const merchant = chosen ?? merchants[0]?.id ?? null;
  const making = useMutation<{ id: string }, CallError, string>({
    mutationFn: (merchant) => addAccountFor(provider, merchant),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['/v1/accounts'] });
      onMade(id);
    },
    gcTime: 0,
  });
  return (
    <Alert color="orange" variant="light" title={say('missing', { provider })}>
      <Stack gap="xs">
        <Text size="sm">{say(merchants.length === 0 ? 'missing.merchant' : 'missing.text')}</Text>
        {canAct && merchant !== null ? (
          <Group gap="xs" align="flex-end">
            <Select
              label={say('missing.for')}
              data={merchants.map(({ id, name }) => ({ value: id, label: name }))}
              value={merchant}
              onChange={setChosen}
              allowDeselect={false}
              w={220}
            />
            <Button variant="default" loading={making.isPending} onClick={() => making.mutate(merchant)}>
              {say('missing.make')}
            </Button>
          </Group>
        ) : null}
        <Refused error={making.error} />
      </Stack>
    </Alert>
  );
}
