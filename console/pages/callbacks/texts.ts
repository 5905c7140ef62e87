import { defineTexts } from '../../texts/texts.ts';

export const callbacksTexts = defineTexts('callbacks', {
  en: {
    title: 'Callbacks',
    lead: 'What providers sent, byte for byte, and what came of it.',
    received: 'Received',
    provider: 'Provider',
    account: 'Account',
    verdict: 'Verdict',
    reason: 'Reason',
    merchant: 'Merchant',
    order: 'Order number',
    again: 'Read again',
    'again.text':
      'It is read with the present code and secrets, as at the time of its receipt. What that finds takes effect.',
    verify: 'Why was it refused?',
    'empty.title': 'No callbacks yet',
    empty: 'Give a provider the callback URL of an account, and what it sends appears here.',
  },
  zh: {
    title: '回调',
    lead: '支付平台发来的原始内容，逐字节保存，以及处理结果。',
    received: '收到时间',
    provider: '支付平台',
    account: '账户',
    verdict: '结论',
    reason: '原因',
    merchant: '商户',
    order: '订单号',
    again: '重新读取',
    'again.text': '用现在的程序和密钥，按收到时的时间重新读取。读出的结果会生效。',
    verify: '为什么被拒绝？',
    'empty.title': '还没有回调',
    empty: '把账户的回调地址填到支付平台，它发来的内容就会出现在这里。',
  },
});
