import { Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { liveQuery } from '../api/live.ts';
import { commonTexts } from '../texts/common.ts';
import { useTexts } from '../texts/texts.ts';
import classes from './frame.module.css';

/** Whether what is shown follows the server by itself, or is asked for every few seconds. */
export function LiveSign() {
  const say = useTexts(commonTexts);
  const { data: isLive } = useQuery(liveQuery);
  return (
    <Tooltip label={say(isLive ? 'live.help' : 'polled.help')} multiline w={240}>
      <span className={classes.live} data-live={isLive || undefined} role="status">
        {say(isLive ? 'live' : 'polled')}
      </span>
    </Tooltip>
  );
}
