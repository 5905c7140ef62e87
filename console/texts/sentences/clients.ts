import type { Pairs } from '../sentences.ts';

/** Why a question to a provider, a refund, a closing or the fetching of a bill or a key came to nothing. */
export const clientSentences = {
  // Of all platforms.
  '{id} takes no more requests now (429)': '{id} 暂不接受更多请求（429）',
  '{id} answered what cannot be read: {sentence}': '{id} 的应答无法读取：{sentence}',
  '{id} answered what cannot be used: {sentence}': '{id} 的应答不能采用：{sentence}',
  '{id} answered something else than was asked for': '{id} 的应答与所问的不符',
  '{id} answered something else than a refund': '{id} 的应答不是退款',
  '{id} answered a payment that is not closed': '{id} 应答的付款没有关闭',
  '{id} answered a payment that is not cancelled': '{id} 应答的付款没有取消',
  '{id} answered {number} for its certificate': '向 {id} 获取证书，应答是 {number}',
  '{id} answered {number}: {quote}': '{id} 的应答是 {number}：{quote}',
  '{id} answered {number}': '{id} 的应答是 {number}',
  '{id} answered: {quote}': '{id} 的应答是：{quote}',
  '{id} needs the id of the payment, which is not known yet': '{id} 需要付款号，而付款号尚未知道',
  '{id} needs the id of the payment': '{id} 需要付款号',
  '{id} needs the order number or the id of the payment': '{id} 需要订单号或付款号',
  '{id} needs the order number or the {field}': '{id} 需要订单号或 {field}',
  '{id} needs the order number or an id': '{id} 需要订单号或其他编号',
  '{id} can be searched by {field} alone, and the order number is at {id2}':
    '{id} 只能按 {field} 搜索，而订单号在 {id2}',
  '{id} can be searched by metadata alone, and the order number is at {id2}':
    '{id} 只能按 metadata 搜索，而订单号在 {id2}',
  'its signature is missing or wrong': '签名缺失或不对',
  'its signature is wrong': '签名不对',
  'it is about another trade than was asked for': '说的不是所问的交易',
  'it is about another transaction than was asked for': '说的不是所问的交易',
  'it is about another order than was asked for': '说的不是所问的订单',

  // Bills.
  '{id} has no bill of {time}: {sentence}': '{id} 没有 {time} 的账单：{sentence}',
  'there is none': '不存在',
  'its data is not there yet': '数据尚未生成',
  'its report is being made': '报表正在生成',
  'the day is not over in Beijing ({sentence})': '按北京时间这一天还没有结束（{sentence}）',
  '{id} answered no address of a bill': '{id} 的应答中没有账单地址',
  '{id} answered a bill at {id2}, which is no host of its own': '{id} 应答的账单在 {id2}，不是它自己的主机',
  'the bill of {id} is over {number} bytes': '{id} 的账单超过 {number} 字节',
  'the bill of {id} took over {number} ms': '{id} 的账单在 {number} 毫秒内没有传完',
  'the bill of {id} is not the file that it named: its SHA-1 differs': '{id} 的账单不是它所指的文件：SHA-1 不符',

  // Of single ones.
  'alipay knows no such trade': 'alipay 没有这笔交易',
  'alipay cannot be asked for this: {sentence}': '无法就此查询 alipay：{sentence}',
  'a trade that it has closed is not closed': '它已关闭的交易并未关闭',
  'checkout answered a refund without an action_id': 'checkout 应答的退款没有 action_id',
  'midtrans answered no transaction_status and no status_code':
    'midtrans 的应答中没有 transaction_status，也没有 status_code',
  'no server_key fits the signature_key of what midtrans answered':
    'midtrans 应答的 signature_key 与任何 server_key 都不符',
  'midtrans refunds whole rupiah, not {number} {currency}':
    'midtrans 只能退整数印尼盾，不能退 {number} 个最小单位的 {currency}',
  'mollie needs the id of the payment; none of its newest {number} has this order number':
    'mollie 需要付款号；最近的 {number} 笔付款中没有这个订单号',
  'paypal needs the id of the capture': 'paypal 需要扣款（capture）的编号',
  'paypal has no such capture': 'paypal 没有这笔扣款（capture）',
  'paypal answered a refund of another payment': 'paypal 应答的是另一笔付款的退款',
  'paypal answered no access_token, or none with expires_in': 'paypal 的应答中没有 access_token，或没有 expires_in',
  'paypal finds nothing by an order number; it needs an id of its own': 'paypal 不能按订单号查询；需要它自己的编号',
  "{quote} is no address of PayPal's certificates": '{quote} 不是 PayPal 证书的地址',
  'razorpay finds orders by their receipt alone, and the order number is at {id}':
    'razorpay 只能按 receipt 查找订单，而订单号在 {id}',
  'stripe answered an object without `created`': 'stripe 应答的对象没有 `created`',
  'stripe answered something else than a run of a report': 'stripe 的应答不是报表任务',
  'stripe made no report: {quote}': 'stripe 没有生成报表：{quote}',
  'unionpay needs the queryId of the payment, which is not known yet': 'unionpay 需要付款的 queryId，而它尚未知道',
  'it has no respCode': '没有 respCode',
  'only 5.1.0 with signMethod 01 is accepted': '只接受 5.1.0 和 signMethod 01',
  'xendit has no such payment': 'xendit 没有这笔付款',
  'xendit has the invoice as paid': 'xendit 的 invoice 已支付',
  'xendit is asked to end invoices alone': '在 xendit 只能结束 invoice',

  // WeChat Pay.
  'wechatpay knows no such order': 'wechatpay 没有这个订单',
  'wechatpay says: {quote}': 'wechatpay 称：{quote}',
  'wechatpay needs the order number to close an order': 'wechatpay 关闭订单需要订单号',
  'wechatpay must be asked for one sub-merchant: sub_mchids must name exactly one':
    '向 wechatpay 查询须指明一个子商户：sub_mchids 必须恰好有一个',
  'wechatpay gives {quote} in the merchant platform alone': '{quote} 只能在微信支付商户平台获取',
  'wechatpay has no certificate {quote}: that is no serial': 'wechatpay 没有证书 {quote}：这不是证书序列号',
  '{id} is none of the certificates that wechatpay signs with': '{id} 不是 wechatpay 签名所用的证书',
  'it is signed with {id}, which is none of platform_keys': '签名所用的 {id} 不在 platform_keys 中',
  'its bill has no SHA1': '账单没有 SHA1',
  'the refund is in a state that is not known': '退款的状态未知',
  'a certificate cannot be decrypted: {sentence}': '证书无法解密：{sentence}',
  'a certificate without its serial': '证书没有序列号',
  "{id} is not the certificate's serial": '{id} 不是证书的序列号',
  'wechatpay-v2 closes by the order number, which is not known': 'wechatpay-v2 按订单号关闭，而订单号未知',
  'wechatpay-v2 answered {id} about another {id2}': 'wechatpay-v2 对 {id} 的应答中 {id2} 不同',
  'wechatpay-v2 answered {id}: {sentence}': 'wechatpay-v2 对 {id} 的应答不能采用：{sentence}',
  'wechatpay-v2 refused: {quote}': 'wechatpay-v2 拒绝：{quote}',
  'wechatpay-v2 said {quote}': 'wechatpay-v2 称：{quote}',
} as const satisfies Pairs;
