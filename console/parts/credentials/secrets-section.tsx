import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { providersQuery } from '../../api/queries.ts';
import { useTexts } from '../../texts/texts.ts';
import { Act } from '../act.tsx';
import { useMayAct } from '../may-act.ts';
import { Section } from '../page.tsx';
import { RotateButton, type RotateProps } from './rotate-dialog.tsx';
import { rotateTexts } from './rotate-texts.ts';
import { SecretsTable, type SecretsTableProps } from './secrets-table.tsx';

interface SecretsSectionProps extends Omit<RotateProps, 'provider'>, Omit<SecretsTableProps, 'rotatePath'> {
  title: string;
  /** What stands above the table. */
  children?: ReactNode;
}

/** What is kept of an account's or endpoint's key material, with its rotation: its end is offered while older secrets still hold. */
export function SecretsSection(props: SecretsSectionProps) {
  const { title, provider: name, secrets, children, ...rotation } = props;
  const say = useTexts(rotateTexts);
  const mayAct = useMayAct();
  const provider = useQuery(providersQuery).data?.find((one) => one.name === name);
  const rotatePath = `${rotation.path}/rotate`;
  const fields = secrets.map(({ field, name: part }) => `${field} ${part ?? ''}`);
  const hasOlder = new Set(fields).size < fields.length;
  return (
    <Section
      title={title}
      flush
      actions={
        mayAct && provider !== undefined ? (
          <>
            {hasOlder ? (
              <Act
                label={say('finish')}
                text={say('finish.text')}
                path={rotatePath}
                body={{ finish: true }}
                look="page"
              />
            ) : null}
            <RotateButton {...rotation} provider={provider} />
          </>
        ) : null
      }
    >
      {children}
      <SecretsTable provider={name} secrets={secrets} rotatePath={rotatePath} />
    </Section>
  );
}
