/**
 * Gives back bytes that nothing names any more, in a process that was started with `--expose-gc`. They are not in V8's heap: left to
 * itself it looks for them after 65 to 170 MB. Looking among what is young takes it 0.2 ms.
 */
export function collectBuffers(): void {
  globalThis.gc?.({ type: 'minor', execution: 'sync' });
}
