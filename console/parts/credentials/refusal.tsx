import { Alert, Text } from '@mantine/core';
import { CallError } from '../../api/call.ts';
import { useTexts } from '../../texts/texts.ts';
import { FailureText } from '../states.tsx';
import { credentialTexts } from './texts.ts';

/** Why credentials were not taken: the fields say it themselves where they are to blame. */
export function Refusal({ error }: { error: Error | null }) {
  const say = useTexts(credentialTexts);
  if (error === null) return null;
  const problem = error instanceof CallError ? error.problem : null;
  const isOfFields = problem?.code === 'account.credentials' && (problem.errors ?? []).length > 0;
  return (
    <Alert color="red" variant="light" role="alert">
      {isOfFields ? <Text size="sm">{say('wrong')}</Text> : <FailureText error={error} />}
    </Alert>
  );
}
