/** Why a signature did not fit, by name, with the next step for a person. */
export const causes = {
  other_key:
    'Point the sender at the other account’s callback URL, or give this account the secret that the sender uses.',
  other_environment: 'Test and live have secrets of their own: use the callback URL of the mode that sends.',
  other_account: 'Give the provider the callback URL of the account that the callback is for.',
  body_rewritten:
    'Pass the raw body on: take it before any JSON parser, and let no gateway parse the body and write it anew.',
  white_space: 'Pass the bytes on as they came: something added, removed or changed line breaks or space.',
  charset: 'Pass the bytes on as they came: something read them in one charset and wrote them in another.',
  charset_lost:
    'Pass bytes on, not text: what was replaced by � cannot be told any more, so ask for it to be sent again.',
  form_rewritten: 'Pass the raw form on: something decoded and encoded it, and the two steps do not match.',
  body_cut: 'Pass the whole body on: it does not have the length that content-length announces.',
  header_missing: 'Let the proxy pass the header on: it came without it, or under another name.',
  header_renamed: 'Let the proxy keep the name of the header, hyphens included.',
  header_duplicated: 'Remove the proxy or client setting that adds a copy of the header.',
  header_changed: 'Let the proxy pass the value of the header on as it came.',
  url: 'Give both sides the same URL, to the letter: scheme, host, port, path and the slash at its end.',
  clock: 'Synchronise the clocks of both machines. A request that was kept and sent again later is refused rightly.',
  unknown_key: 'Add the key that signed to the account, under the id that the detail names.',
  secret_reading: 'Make both sides turn the secret’s text into bytes, and the digest into text, in the same way.',
  scheme: 'Make the sender sign with the scheme that the account is configured for.',
  probe: 'Nothing: the provider tests that you check, and sends the notification again, rightly signed.',
  encryption: 'Compare the encryption key with the provider’s portal: the signature fits, the body does not open.',
} as const satisfies Record<string, string>;

export type CauseName = keyof typeof causes;
