import { Columns, Page } from '../../parts/page.tsx';
import { TimeRangePicker } from '../../parts/time-range.tsx';
import { useTexts } from '../../texts/texts.ts';
import { BacklogOverTime } from './backlog-over-time.tsx';
import { BacklogStrip } from './backlog-strip.tsx';
import { FirstSteps } from './first-steps.tsx';
import { FunnelSection } from './funnel-section.tsx';
import { OpenDiscrepancies, WhatNext } from './matters.tsx';
import { OverTime } from './over-time.tsx';
import { overviewTexts } from './texts.ts';
import { MoneyAtRisk, Trouble } from './trouble.tsx';

/** How payment results fare, and what needs a person. */
export function OverviewPage() {
  const say = useTexts(overviewTexts);
  return (
    <Page title={say('title')} actions={<TimeRangePicker />}>
      <FirstSteps />
      <BacklogStrip />
      <Columns least={440}>
        <FunnelSection side="sending" />
        <FunnelSection side="receiving" />
      </Columns>
      <OverTime />
      <BacklogOverTime />
      <Columns least={440}>
        <WhatNext />
        <MoneyAtRisk />
        <OpenDiscrepancies />
        <Trouble />
      </Columns>
    </Page>
  );
}
