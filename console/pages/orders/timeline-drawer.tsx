import { Drawer, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { CallbackDetail } from '../../../src/api/callbacks.ts';
import type { Delivery } from '../../../src/api/deliveries.ts';
import type { TimelineEntry } from '../../../src/api/orders.ts';
import { readQuery } from '../../api/queries.ts';
import { Act } from '../../parts/act.tsx';
import { AttemptView } from '../../parts/attempt-view.tsx';
import { Identifier } from '../../parts/identifier.tsx';
import { InnerLink } from '../../parts/link.tsx';
import { Details } from '../../parts/page.tsx';
import { bytesText, Headers, Raw } from '../../parts/raw.tsx';
import { Loaded } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { WithTimes } from '../../parts/with-times.tsx';
import { commonTexts } from '../../texts/common.ts';
import { useTexts } from '../../texts/texts.ts';
import { useSentence } from '../../texts/use-sentence.ts';
import { orderTexts } from './texts.ts';
import { useTimelineWords } from './timeline-words.ts';

/** What was sent and answered, behind an entry of the timeline. */
export function TimelineDrawer({ entry, onClose }: { entry: TimelineEntry | null; onClose: () => void }) {
  const say = useTexts(commonTexts);
  const words = useTimelineWords();
  return (
    <Drawer
      opened={entry !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={<Text fw={600}>{entry === null ? '' : words(entry).text}</Text>}
      closeButtonProps={{ 'aria-label': say('close') }}
    >
      {entry === null ? null : <Inside entry={entry} />}
    </Drawer>
  );
}

function Inside({ entry }: { entry: TimelineEntry }) {
  const say = useTexts(orderTexts);
  const { what, id, at, details } = entry;
  const { why } = useTimelineWords()(entry);
  const callback = what === 'callback' ? id : typeof details.callback === 'string' ? details.callback : null;
  const delivery = what === 'delivery' ? id : typeof details.delivery === 'string' ? details.delivery : null;
  return (
    <Stack>
      <Details
        items={[
          [say('when'), <Time key="at" at={at} form="full" />],
          [say('why'), why === '' ? null : <WithTimes key="why" text={why} />],
          ['id', id === null ? null : <Identifier key="id" text={id} />],
        ]}
      />
      {callback === null ? null : <CallbackInside id={callback} />}
      {delivery === null ? null : <DeliveryInside id={delivery} attempt={what === 'attempt' ? id : null} />}
    </Stack>
  );
}

function CallbackInside({ id }: { id: string }) {
  const say = useTexts(orderTexts);
  const sentence = useSentence();
  const query = useQuery(readQuery<CallbackDetail>(`/v1/callbacks/${id}`));
  return (
    <Loaded query={query}>
      {({ method, target, headers, body, verdict, reason }) => (
        <Stack gap="sm">
          <Details
            items={[
              [say('callback'), <StatusBadge key="verdict" area="verdict" value={verdict} />],
              [say('reason'), reason === null ? null : sentence(reason)],
              [
                say('page'),
                <InnerLink key="page" href={`/callbacks/${id}`}>
                  {say('page.callback')}
                </InnerLink>,
              ],
            ]}
          />
          {method === '' ? (
            <Text c="var(--soft)">{say('gone')}</Text>
          ) : (
            <Raw title={say('request')} text={`${method} ${target}`} />
          )}
          <Headers title={say('headers')} pairs={headers} />
          <Raw title={say('body')} text={bytesText(body)} />
        </Stack>
      )}
    </Loaded>
  );
}

function DeliveryInside({ id, attempt }: { id: string; attempt: string | null }) {
  const say = useTexts(orderTexts);
  const query = useQuery(readQuery<Delivery>(`/v1/deliveries/${id}`));
  return (
    <Loaded query={query}>
      {({ state, url, target, attempts }) => (
        <Stack gap="sm">
          <Details
            items={[
              [say('state'), <StatusBadge key="state" area="delivery" value={state} />],
              [say('target'), url ?? target.name ?? target.id ?? null],
              [
                say('page'),
                <InnerLink key="page" href={`/deliveries/${id}`}>
                  {say('page.delivery')}
                </InnerLink>,
              ],
            ]}
          />
          {attempts
            .filter((one) => attempt === null || one.id === attempt)
            .map((one) => (
              <AttemptView key={one.id} attempt={one} />
            ))}
          {['dead', 'pending'].includes(state) ? (
            <Act label={say('again')} text={say('again.text')} path={`/v1/deliveries/${id}/retry`} look="page" />
          ) : null}
        </Stack>
      )}
    </Loaded>
  );
}
