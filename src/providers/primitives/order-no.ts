import { isOrderNo } from '../../domain/ids.ts';
import type { Notification } from '../../domain/notification.ts';
import { idAt, type Json } from './json.ts';

/** Our order number, from the first of the places where the merchant may have put it: an id of the platform's own is never one. */
export function orderNoAt(body: Json | undefined, places: readonly string[]): string | null {
  for (const place of places) {
    const found = idAt(body, place);
    if (found !== null) return isOrderNo(found) ? found : null;
  }
  return null;
}

/** What our senders put where a format lets a merchant keep values of their own. They are texts in all of these formats. */
export function orderMetadata({ orderNo, sequence }: Pick<Notification, 'orderNo' | 'sequence'>) {
  return { order_no: orderNo, sequence: String(sequence) };
}
