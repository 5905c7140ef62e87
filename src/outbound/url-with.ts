/** What a format says in its query comes behind what the URL says there; nothing else of the format's target counts. */
export function urlWith(url: string, target: string): string {
  const at = target.indexOf('?');
  if (at < 0) return url;
  const whole = new URL(url);
  whole.search += `${whole.search === '' ? '?' : '&'}${target.slice(at + 1)}`;
  return whole.href;
}
