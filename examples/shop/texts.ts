export type Language = 'en' | 'zh';

/** Everything that the shop says. */
export const texts = {
  en: {
    locale: 'en-US',
    shop: 'The Tea Shop',
    welcome: 'A small shop on Paidonce. Buy something: nothing here costs real money.',
    left: 'left',
    method: 'Pay with',
    quantity: 'Number',
    buy: 'Buy',
    order: 'Order',
    good: 'Article',
    amount: 'Amount',
    paidTimes: 'Marked as paid',
    coupon: 'Coupons granted',
    refunded: 'Refunded',
    refund: 'Ask for the money back',
    again: 'Back to the shop',
    waiting: 'Waiting for the platform to tell us. This page looks again by itself.',
    states: {
      placed: 'Placed',
      paid: 'Paid',
      failed: 'The payment failed',
      partly: 'Partly refunded',
      refunded: 'Refunded',
    },
    soldOut: 'There is not enough of this left.',
    unknownGood: 'The shop does not sell this.',
    unknownOrder: 'There is no such order.',
    unknownPage: 'There is no such page.',
    foreign: 'This form was sent from another site, so nothing was done.',
    fault: 'Something went wrong on our side. Your order is kept; please try again.',
    times: (count: number) => (count === 1 ? 'once' : `${count} times`),
  },
  zh: {
    locale: 'zh-CN',
    shop: '茶铺',
    welcome: '基于 Paidonce 的小商店。随便买：不会花真钱。',
    left: '件库存',
    method: '支付方式',
    quantity: '数量',
    buy: '购买',
    order: '订单',
    good: '商品',
    amount: '金额',
    paidTimes: '标记已支付',
    coupon: '已发优惠券',
    refunded: '已退款',
    refund: '申请退款',
    again: '返回商店',
    waiting: '正在等待平台通知，本页会自动刷新。',
    states: { placed: '已下单', paid: '已支付', failed: '支付失败', partly: '部分退款', refunded: '已退款' },
    soldOut: '库存不足。',
    unknownGood: '本店没有这种商品。',
    unknownOrder: '没有这个订单。',
    unknownPage: '没有这个页面。',
    foreign: '该表单来自其他网站，未做任何操作。',
    fault: '我们这边出了问题，订单已保留，请重试。',
    times: (count: number) => `${count} 次`,
  },
} as const;

/** Names of the ways to pay, as buyers know them. */
export const methodNames = {
  wechatpay: { en: 'WeChat Pay', zh: '微信支付' },
  alipay: { en: 'Alipay', zh: '支付宝' },
  stripe: { en: 'Card (Stripe)', zh: '银行卡（Stripe）' },
  standard: { en: 'Standard Webhooks', zh: 'Standard Webhooks' },
  hmac: { en: 'HMAC', zh: 'HMAC' },
} as const;

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
  const format = new Intl.NumberFormat(texts[language].locale, { style: 'currency', currency: 'CNY' });
  const fen = String(amountMinor % 100n).padStart(2, '0');
  return format
    .formatToParts(amountMinor / 100n)
    .map(({ type, value }) => (type === 'fraction' ? fen : value))
    .join('');
}
