import { useQuery } from '@tanstack/react-query';
import { merchantsQuery } from '../api/all-of.ts';
import { segment } from '../api/call.ts';
import { InnerLink } from './link.tsx';

/** A merchant by its name, leading to its page; its id where the name is not known. */
export function MerchantLink({ id }: { id: string }) {
  const { data } = useQuery(merchantsQuery);
  const name = data?.find((one) => one.id === id)?.name ?? id;
  return <InnerLink href={`/merchants/${segment(id)}`}>{name}</InnerLink>;
}
