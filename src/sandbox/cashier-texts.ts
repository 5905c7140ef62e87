import { exponentOf } from '../domain/currencies.ts';

export type Language = 'en' | 'zh';

/** Everything that the cashier says, in both languages. */
export const texts = {
  en: {
    locale: 'en-US',
    title: 'Cashier',
    banner: 'Sandbox. No real money moves.',
    order: 'Order',
    method: 'Pay with',
    pay: 'Pay',
    fail: 'Let the payment fail',
    leave: 'Leave without paying',
    back: 'Back to the shop',
    developers: 'For developers: how the notification travels',
    duplicate: 'Times it is sent, acknowledgements lost in between',
    drop: 'It is lost and never sent',
    wrongSignature: 'It is signed wrongly',
    missing: 'There is no such payment.',
    foreign: 'This form was sent from another site, so nothing was done. Open the cashier again.',
    unknownMove: 'Choose one of the buttons of the cashier.',
    states: {
      open: 'Waiting for you',
      paid: 'Paid',
      failed: 'Failed. You may try again.',
      closed: 'Closed',
      reversed: 'Reversed',
    },
    refunded: 'refunded',
  },
  zh: {
    locale: 'zh-CN',
    title: '收银台',
    banner: '沙箱环境，不会发生真实扣款。',
    order: '订单',
    method: '支付方式',
    pay: '支付',
    fail: '让支付失败',
    leave: '不支付，离开',
    back: '返回商店',
    developers: '开发者选项：通知怎样送达',
    duplicate: '通知发送次数（期间的应答视为丢失）',
    drop: '通知丢失，从不发送',
    wrongSignature: '签名错误',
    missing: '没有这笔支付。',
    foreign: '该表单来自其他网站，未做任何操作。请重新打开收银台。',
    unknownMove: '请选择收银台上的按钮。',
    states: {
      open: '等待支付',
      paid: '支付成功',
      failed: '支付失败，可以重试。',
      closed: '已关闭',
      reversed: '已撤销',
    },
    refunded: '已退款',
  },
} as const;

/** What the platforms are called by those who pay with them. */
export const methodNames: Readonly<Record<string, Record<Language, string>>> = {
  wechatpay: { en: 'WeChat Pay', zh: '微信支付' },
  'wechatpay-v2': { en: 'WeChat Pay (v2)', zh: '微信支付（v2）' },
  alipay: { en: 'Alipay', zh: '支付宝' },
  adyen: { en: 'Card (Adyen)', zh: '银行卡（Adyen）' },
  cashfree: { en: 'Cashfree', zh: 'Cashfree' },
  checkout: { en: 'Card (Checkout.com)', zh: '银行卡（Checkout.com）' },
  mercadopago: { en: 'Mercado Pago', zh: 'Mercado Pago' },
  mollie: { en: 'Mollie', zh: 'Mollie' },
  midtrans: { en: 'Midtrans', zh: 'Midtrans' },
  paypal: { en: 'PayPal', zh: 'PayPal' },
  paystack: { en: 'Paystack', zh: 'Paystack' },
  razorpay: { en: 'Razorpay', zh: 'Razorpay' },
  shopify: { en: 'Shopify', zh: 'Shopify' },
  square: { en: 'Square', zh: 'Square' },
  stripe: { en: 'Card (Stripe)', zh: '银行卡（Stripe）' },
  xendit: { en: 'Xendit', zh: 'Xendit' },
  standard: { en: 'Standard Webhooks', zh: 'Standard Webhooks' },
  hmac: { en: 'HMAC', zh: 'HMAC' },
};

/** The first language of the header, by weight, that the pages have; English where there is none. */
export function languageOf(acceptLanguage: string): Language {
  const wanted = acceptLanguage
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const weight = parameters
        .map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1])
        .find((found) => found !== undefined);
      return { language: tag.split('-')[0], weight: Number(weight ?? 1) };
    })
    .filter(({ language, weight }) => weight > 0 && (language === 'en' || language === 'zh'))
    .sort((one, other) => other.weight - one.weight);
  return wanted[0]?.language === 'zh' ? 'zh' : 'en';
}

/** An amount as people of that language write it; exact for any size. */
export function moneyText(amountMinor: bigint, currency: string, language: Language): string {
  const exponent = exponentOf(currency) ?? 2;
  const format = new Intl.NumberFormat(texts[language].locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  });
  const unit = 10n ** BigInt(exponent);
  const decimals = String(amountMinor % unit).padStart(exponent, '0');
  return format
    .formatToParts(amountMinor / unit)
    .map(({ type, value }) => (type === 'fraction' ? decimals : value))
    .join('');
}
