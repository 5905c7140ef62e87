import type { Pairs } from '../sentences.ts';

/** Why a callback was taken for what it is, in the words of single formats, and what is wrong with amounts. */
export const formatSentences = {
  // Amounts.
  'the amount is not a whole number of minor units from 0 to {number}': '金额不是 0 到 {number} 之间的最小单位整数',
  'the amount is not a whole number of minor units': '金额不是最小单位的整数',
  'an amount without a currency': '有金额，没有币种',
  'the currency is not one of ISO 4217': '币种不在 ISO 4217 之列',
  'the amount is not a decimal of {currency}': '金额不是有效的 {currency} 小数',
  'the amount is not a decimal text of {currency}': '金额不是以文本表示的有效 {currency} 小数',
  'the amount is not a decimal number of its currency': '金额不是其币种的有效小数',
  '{number} is no whole amount of {currency}': '{number} 换算不成 {currency} 的整数金额',
  'the units of {currency} at Paystack are not known': 'Paystack 的 {currency} 金额单位未知',

  // Headers.
  'header {id} is not `{quote}`: {quote2}': '请求头 {id} 不是 `{quote}`：{quote2}',
  'header {id} is not {id2}<hexadecimal>: {quote}': '请求头 {id} 不是 {id2}<十六进制>：{quote}',
  'header {id} is not an address: {quote}': '请求头 {id} 不是地址：{quote}',
  'header {id} is not an id: {quote}': '请求头 {id} 不是编号：{quote}',
  'header {id} is not a time: {quote}': '请求头 {id} 不是时间：{quote}',
  'header {id} is not one text without spaces: {quote}': '请求头 {id} 不是一段不含空格的文本：{quote}',
  'header {id} is not up to 255 visible characters without a point: {quote}':
    '请求头 {id} 不是最多 255 个不含句点的可见字符：{quote}',
  'header {id} is not a list of `v1,<base64>` or `v1a,<base64>`':
    '请求头 {id} 不是 `v1,<base64>` 或 `v1a,<base64>` 的列表',
  "header paypal-cert-url is not PayPal's for mode live: {quote}":
    '请求头 paypal-cert-url 不是 PayPal 正式环境的地址：{quote}',
  "header paypal-cert-url is not PayPal's for mode test: {quote}":
    '请求头 paypal-cert-url 不是 PayPal 测试环境的地址：{quote}',
  "header authorization is not the account's {id}": '请求头 authorization 与账户的 {id} 不符',
  'Authorization is {quote}, not HMAC': 'Authorization 是 {quote}，不是 HMAC',

  // Fields.
  'no {field}': '缺少 {field}',
  'no {field} or no {field2}': '缺少 {field} 或 {field2}',
  'no {field} and no {field2}': '缺少 {field} 和 {field2}',
  'no id, or no {field}': '缺少 id 或 {field}',
  '{field} is missing': '缺少 {field}',
  'field {field} or {field2} is missing': '缺少字段 {field} 或 {field2}',
  '{field} is not base64': '{field} 不是 base64',
  '{field} is not ISO 8601 with its offset': '{field} 不是带时区的 ISO 8601 格式',
  '{field} cannot be read: {sentence}': '无法读取 {field}：{sentence}',
  'no {field}, or one that is not yyyyMMddHHmmss': '缺少 {field}，或不是 yyyyMMddHHmmss 格式',
  'no time, or one that is not yyyy-MM-dd HH:mm:ss': '没有时间，或不是 yyyy-MM-dd HH:mm:ss 格式',
  'the body is empty': '请求体为空',
  'the body has no type or no {field}': '请求体中没有 type 或 {field}',
  'the event has no data': '事件没有 data',
  'the event has no {field} or no id': '事件没有 {field} 或 id',
  'the event has no {field} or no created': '事件没有 {field} 或 created',
  'the event has no {field}, no {field2} or no {field3}': '事件没有 {field}、{field2} 或 {field3}',
  'the notification has no id or no {field}': '通知没有 id 或 {field}',

  // Another account.
  '{id} is absent; this account has {number} others': '缺少 {id}；本账户有另外 {number} 个',
  '{id} is {quote}; this account has {number} others': '{id} 是 {quote}；本账户有另外 {number} 个',
  '{id} is absent; this account has {quote}': '缺少 {id}；本账户是 {quote}',
  'an event of connected account {quote}; this account is for {id}': '事件属于关联账户 {quote}；本账户用于 {id}',
  'an event of the platform itself; this account is for {id}': '事件属于平台账户自身；本账户用于 {id}',

  // Keys that are not there.
  'no key for serial {id}; the account has {quote}': '没有序列号 {id} 的密钥；账户有的是 {quote}',
  'no key for public key {quote}; the account has {quote2}': '没有公钥 {quote} 对应的密钥；账户有的是 {quote2}',
  'no key for {id}; the account has {number} certificates, none of them for it and valid':
    '没有 {id} 的密钥；账户的 {number} 个证书中，没有属于它且在有效期内的',
  'no key for signPubKeyCert, which is no certificate; the account has {quote}':
    'signPubKeyCert 不是证书，没有对应的密钥；账户有的是 {quote}',
  "no key for certificate {id}, whose name is not UnionPay's: {quote}; the account has {quote2}":
    '证书 {id} 的名称不是银联的：{quote}；账户有的是 {quote2}',
  'no key for {sentence}; the account has {quote}': '没有可用的密钥：{sentence}；账户有的是 {quote}',
  'the name of the certificate is {quote}, not {id} or {id2}': '证书的名称是 {quote}，不是 {id} 或 {id2}',
  'the name of the certificate is {quote}, not {id}': '证书的名称是 {quote}，不是 {id}',

  // Signatures.
  "none of the {number} alipay_public_keys fits; use Alipay's public key for app {id}, not the app's own, and the form as it was received":
    '{number} 个 alipay_public_keys 都与签名不符；请使用应用 {id} 的支付宝公钥（不是应用公钥），并原样使用收到的表单',
  'none of the api_keys fits bt_signature over bt_payload': 'api_keys 都与 bt_payload 的签名 bt_signature 不符',
  "none of the account's {number} webhook_secrets fits {id}; data.id is {quote}":
    '账户的 {number} 个 webhook_secrets 都与 {id} 不符；data.id 是 {quote}',
  "none of the account's {number} signature_keys, with the URL {id}, fits {id2}":
    '账户的 {number} 个 signature_keys 与地址 {id} 一起计算，都与 {id2} 不符',
  "{id} is none of the account's {number} callback_tokens": '{id} 不是账户的 {number} 个 callback_tokens 中的任何一个',
  'the signature fits neither this body nor this webhook_id': '签名与这个请求体和 webhook_id 不符',
  'the certificate in signPubKeyCert does not fit the signature; use the form as it was received':
    'signPubKeyCert 中的证书与签名不符；请原样使用收到的表单',
  'the key of serial {id} does not fit the signature over this body': '序列号 {id} 的密钥与这个请求体的签名不符',
  'the body names another data.id than the one that is signed': '请求体中的 data.id 与被签名的不同',
  '{id} holds a colon, so the signed text could be read in two ways': '{id} 含有冒号，被签名的内容可以读出两种意思',
  'bt_signature is not `<public key>|<hex>`, joined by `&`': 'bt_signature 不是以 `&` 连接的 `<公钥>|<十六进制>`',
  'a GET without a bt_challenge of 20 to 32 lower-case hex digits':
    'GET 请求没有 20 到 32 位小写十六进制的 bt_challenge',
  '{quote}; only SHA256withRSA is accepted': '签名算法是 {quote}；只接受 SHA256withRSA',
  '{quote}, signMethod {quote2}; only 5.1.0 with signMethod 01 is accepted':
    '版本是 {quote}，signMethod 是 {quote2}；只接受 5.1.0 和 signMethod 01',

  // What single platforms tell.
  'item {number} of {number2}: {sentence}': '第 {number} 项（共 {number2} 项）：{sentence}',
  'the body has no notificationItems, or more than {number}': '请求体中没有 notificationItems，或超过 {number} 项',
  'a trade in {quote}; only CNY is read': '交易的币种是 {quote}；只读取 CNY',
  'an amount is not a decimal number of yuan': '金额不是以元为单位的有效小数',
  'the notification has no kind, or no timestamp in ISO 8601': '通知没有 kind，或没有 ISO 8601 格式的 timestamp',
  'no id of its transaction': '缺少交易的编号',
  'the body has no event with id, type and data': '请求体中没有带 id、type 和 data 的 event',
  'the charge has no code, or the event no created_at in ISO 8601':
    'charge 没有 code，或 event 没有 ISO 8601 格式的 created_at',
  'the currency of the price is not one of ISO 4217': '价格的币种不在 ISO 4217 之列',
  'the price is not a decimal number: {sentence}': '价格不是有效的小数：{sentence}',
  'the body has no list of events': '请求体中没有 events 列表',
  'more than {number} events': '事件超过 {number} 个',
  'an event has no resource_type or no action': '有事件没有 resource_type 或 action',
  '{quote}: no link to its resource, or no created_at in ISO 8601':
    '{quote}：没有指向其对象的 link，或没有 ISO 8601 格式的 created_at',
  'the order has no time, or one that is not ISO 8601': '订单没有时间，或不是 ISO 8601 格式',
  'order_id, status_code or gross_amount is missing or has another form':
    'order_id、status_code 或 gross_amount 缺失，或格式不对',
  "the form names no id of Mollie's: {quote}": '表单中的编号不是 Mollie 的：{quote}',
  'the adjustment has no action or no status': 'adjustment 没有 action 或 status',
  'more is outstanding than the order costs': '未付金额大于订单金额',
  'the intent has no id': 'intent 没有 id',
  'the intent has no amount_capturable': 'intent 没有 amount_capturable',
  'the session has no id': 'session 没有 id',
  'the object has no id, or names no payment': '对象没有 id，或没有写明付款',
  'currencyCode is {quote}; only 156 is read': 'currencyCode 是 {quote}；只读取 156',
  'more than {number} sub_orders': 'sub_orders 超过 {number} 个',
  'neither an event nor an invoice': '既不是 event，也不是 invoice',
  'a capture whose amount cannot be read': '扣款的金额无法读取',
  'invoice {quote}: {sentence}': 'invoice {quote}：{sentence}',
  'result_code {quote}: {sentence}': 'result_code {quote}：{sentence}',
  'refund_status {quote}: {sentence}': 'refund_status {quote}：{sentence}',
} as const satisfies Pairs;
