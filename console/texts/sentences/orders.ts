import type { Pairs } from '../sentences.ts';

/** Why an order is as it is: discrepancies, lines of the timeline, what Paidonce did by itself. */
export const orderSentences = {
  '{number} minor units of {currency}': '{number} 个最小单位的 {currency}',
  'no amount': '（无金额）',

  // Kinds of facts, and what a provider answers to a question.
  authorized: '预授权',
  captured: '扣款',
  failed: '失败',
  closed: '关闭',
  voided: '撤销授权',
  refund_pending: '退款中',
  'refund pending': '退款中',
  refunded: '退款',
  refund_failed: '退款失败',
  'refund failed': '退款失败',
  refund_bounced: '退款退回',
  'refund bounced': '退款退回',
  dispute_opened: '争议开启',
  dispute_won: '争议胜诉',
  dispute_lost: '争议败诉',
  reversed: '冲正',
  open: '未完结',
  final: '已完结',
  'not found': '查无此单',
  '{term}, {sentence}': '{term}、{sentence}',
  '{term}: {sentence}': '{term}：{sentence}',

  // Discrepancies.
  'A payment arrived with the references of two orders, or contradicts what its message said before.':
    '一笔付款带着两个订单的引用号，或与同一消息先前的内容矛盾。',
  '{money} arrived after the merchant closed the order.': '{money} 在商户关闭订单之后才到账。',
  '{money} arrived after the provider closed the payment.': '{money} 在支付平台关闭付款之后才到账。',
  '{money} of {money2} was paid, and the time to pay is over.': '应付 {money2}，只付了 {money}，付款期限已过。',
  '{money} arrived for an order in {currency}.': '到账 {money}，而订单的币种是 {currency}。',
  'Money arrived on an account, or for a payee, that the order does not name.':
    '有款项到了订单没有指定的账户或收款方。',
  '{money} arrived on an account, or for a payee, that the order does not name.':
    '{money} 到了订单没有指定的账户或收款方。',
  'Different amounts were said for one operation ({term}); {money} counts until a person decides.':
    '同一笔操作（{term}）出现了不同的金额；人工决定之前按 {money} 计。',
  'Nothing says how much was {term}, so it counts nothing.': '没有任何来源说明{term}的金额，因此不计入。',
  'A {term} names no operation, so a copy of it could not be told from a second one; it counts nothing.':
    '一笔{term}没有操作号，无法区分是重复告知还是第二笔，因此不计入。',
  'The order of {money} is paid without this payment too.': '没有这笔付款，{money} 的订单也已付清。',
  "{money} more than the order's {money2} was paid.": '订单应付 {money2}，多付了 {money}。',
  '{money} more was refunded than we know to be captured.': '退款比已知的扣款多 {money}。',
  'A refund that had succeeded came back: the buyer does not have the money.':
    '已成功的退款被退回：买家没有收到这笔钱。',
  'The provider will not go on with this refund until a person acts there.':
    '需要有人在支付平台上处理，这笔退款才会继续。',
  'The buyer disputes a payment that was refunded before: the money may go out twice.':
    '买家对一笔已退款的付款发起争议：这笔钱可能付出两次。',
  '{money} of a paid order was reversed.': '已付订单中的 {money} 被冲正。',
  '{term} of payment {id} names no order, which nobody announced': '付款 {id} 的{term}没有写明订单，也没有人登记过。',
  '{term} of payment {id} names order {quote}, which nobody announced':
    '付款 {id} 的{term}写的是订单 {quote}，但没有人登记过该订单。',
  "The {term} of payment {id} is not in the provider's bill of {time}.":
    '支付平台 {time} 的账单中没有付款 {id} 的{term}。',
  "We know it as {term}; the provider's bill says {quote}: {term2}.":
    '本地记录为{term}；支付平台的账单写的是 {quote}：{term2}。',
  'a callback told payment {id} of {money}; asked, its provider says: {sentence}':
    '回调告知付款 {id}，金额 {money}；向支付平台查询，答复为：{sentence}',
  'a person told payment {id} of {money}; asked, its provider says: {sentence}':
    '人工登记付款 {id}，金额 {money}；向支付平台查询，答复为：{sentence}',
  '{id} says payment {id2} of {money} was made; {id3} says: {sentence}':
    '{id} 称付款 {id2} 已支付 {money}；{id3} 的答复为：{sentence}',
  'payment {id} of {money} was made; {id2} says: {sentence}': '付款 {id} 已支付 {money}；{id2} 的答复为：{sentence}',
  '{id} says {sentence}': '{id} 说明：{sentence}',
  '{term} {money} (payment {id}, order number {id2})': '{term} {money}（付款 {id}，订单号 {id2}）',
  '{term} {money} (payment {id})': '{term} {money}（付款 {id}）',

  // The timeline.
  'its signature is right and its facts were new': '签名正确，事实是新的',
  published: '由应用发布',
  'what is known changed': '已知的情况有了变化',
  'made by callback {id}': '由回调 {id} 产生',
  'taken from the earliest capture: nobody announced the order': '取自最早一笔收款：没有人登记该订单',
  announced: '已登记',
  'revision {number}': '第 {number} 版',
  callback: '回调',
  query: '查询',
  statement: '账单',
  manual: '人工',
  'first told by {term}': '首次得知，来自{term}',
  'first told by {id}': '首次得知，来自 {id}',
  'told again, no effect: by {term}': '再次得知，没有影响，来自{term}',
  'told again, no effect: by {id}': '再次得知，没有影响，来自 {id}',
  'nothing final is known': '还不知道最终结果',
  'a person wants it': '有人要求查询',
  'it was closed': '订单已关闭',
  'the money of a discrepancy is to go back': '差异中的款项要退回',
  '{sentence}; next at {time}': '{sentence}；下次查询时间 {time}',
  'its endpoint is paused or disabled': '端点已暂停或停用',
  'not tried yet': '尚未尝试',
  'confirmed after {number} ms': '{number} 毫秒后确认',
  'its condition is gone': '引起它的情况已不存在',
  'a person accepted it': '人工接受',
  'a person ignored it': '人工忽略',
  'by {id}: {quote}': '{id}：{quote}',

  // What Paidonce did by itself.
  'the policy is refund': '商户策略为退款',
  '{sentence} ({number} minor units of {currency}, payment {id})':
    '{sentence}（{number} 个最小单位的 {currency}，付款 {id}）',
  'to be refunded by a person: {sentence}': '需人工退款：{sentence}',
  'no payment that can be named holds its money': '找不到持有这笔钱的付款',
  'the policy has refunded it before, and it came back': '已按策略退过一次，但款项被退回',
  'a refund of its payment is under way': '该付款的退款正在进行',
  '{sentence} (account {id})': '{sentence}（账户 {id}）',
  'its account is gone': '账户已不存在',
  'there is nothing to ask for': '没有可查询的内容',
  'its discrepancy is gone': '差异已不存在',
  'there is nothing to give back any more': '已没有可退的款项',
  'less is left than was to be given back': '剩余的款项少于要退的金额',
  'nobody knows whether it was refunded: look at the provider before you refund it again':
    '不知道是否已退款：再次退款之前，请先到支付平台核对',
} as const satisfies Pairs;
