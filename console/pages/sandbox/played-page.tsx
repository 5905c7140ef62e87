import { useParams } from '@tanstack/react-router';
import { PaymentPage } from './payment-page.tsx';
import { ScenarioPage } from './scenario-page.tsx';

/** What was played, with what arrived of it: one payment, or a run of a scenario. */
export function PlayedPage() {
  const { id = '' } = useParams({ strict: false });
  return id.startsWith('scn_') ? <ScenarioPage id={id} /> : <PaymentPage id={id} />;
}
