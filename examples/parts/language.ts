export type Language = 'en' | 'zh';

const locales = { en: 'en-US', zh: 'zh-CN' } as const;

/** How a buyer can pay; each is also the name of the merchant's account at that platform. */
export const methods = ['wechatpay', 'alipay', 'stripe', 'standard', 'hmac'] as const;
export type Method = (typeof methods)[number];

/** Names of the ways to pay, as buyers know them. */
export const methodNames = {
  wechatpay: { en: 'WeChat Pay', zh: '微信支付' },
  alipay: { en: 'Alipay', zh: '支付宝' },
  stripe: { en: 'Card (Stripe)', zh: '银行卡（Stripe）' },
  standard: { en: 'Standard Webhooks', zh: 'Standard Webhooks' },
  hmac: { en: 'HMAC', zh: 'HMAC' },
} as const satisfies Record<Method, Record<Language, string>>;

/** Chinese where the browser asks for it before English; else English. */
export function languageOf(acceptLanguage: string): Language {
  const tags = acceptLanguage
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().split(/[-;]/)[0]);
  return tags.find((tag) => tag === 'zh' || tag === 'en') === 'zh' ? 'zh' : 'en';
}

/** Yuan from fen, exact for any amount. */
export function moneyText(amountMinor: bigint, language: Language): string {
  const format = new Intl.NumberFormat(locales[language], { style: 'currency', currency: 'CNY' });
  const fen = String(amountMinor % 100n).padStart(2, '0');
  return format
    .formatToParts(amountMinor / 100n)
    .map(({ type, value }) => (type === 'fraction' ? fen : value))
    .join('');
}
