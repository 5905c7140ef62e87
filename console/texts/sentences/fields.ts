import type { Pairs } from '../sentences.ts';

/** What is wrong with a field of a request or a form. */
export const fieldSentences = {
  'is missing': '必须填写',
  'is not a field here': '没有这个字段',
  'is given more than once': '出现了不止一次',
  'must come once, and hold no comma; in the body it may': '只能出现一次，且不能有逗号；写在请求体中则可以有',
  'not a usable id': '不是可用的编号',
  '{sentence} (what counts is {sentence2})': '{sentence}（{sentence2}）',

  // Texts and numbers.
  'must not be empty': '不能为空',
  'must have at least {number} character': '至少 {number} 个字符',
  'must have at least {number} characters': '至少 {number} 个字符',
  'must have at most {number} characters': '最多 {number} 个字符',
  'must have exactly {number} characters': '必须正好 {number} 个字符',
  'must not hold control characters': '不能有控制字符',
  'must be visible ASCII': '只能是可见的 ASCII 字符',
  'must be {number} to {number2} characters without control characters':
    '必须是 {number} 至 {number2} 个字符，不含控制字符',
  'must be 1 to 64 characters of A–Z a–z 0–9 . _ : -, beginning with a letter or digit':
    '必须是 1 至 64 个字符：A–Z a–z 0–9 . _ : -，以字母或数字开头',
  'must be one of {quote}': '必须是以下之一：{quote}',
  'must be one or more of {quote}': '必须是以下之一或多个：{quote}',
  'must not be larger than {number} bytes as JSON': 'JSON 不能超过 {number} 字节',
  'must be base64 with its padding': '必须是带填充的 base64',
  'must be an HTTP method in upper case': '必须是大写的 HTTP 方法',
  'must be whole minor units from {number} to {number2}, as an integer or a text of digits':
    '必须是 {number} 至 {number2} 的最小单位整数，可写成数字文本',
  'must be an amount such as 88.80 or 8880': '必须是金额，例如 88.80 或 8880',
  'must be a currency of ISO 4217, in upper case': '必须是大写的 ISO 4217 币种',
  'must be an ISO 8601 time with its offset, such as {time}': '必须是带时区的 ISO 8601 时间，例如 {time}',
  'must be a day like {time}': '必须是日期，例如 {time}',
  'must be a share below 1 with at most six digits, such as {number}':
    '必须是小于 1、最多六位小数的比例，例如 {number}',
  'must be a kind of discrepancy': '必须是差异的一种类型',
  'must be fingerprints of 8 hex digits': '必须是 8 位十六进制的指纹',
  'must be after `from`': '必须晚于 `from`',
  'gives more than {number} buckets over this range; take a larger one':
    '在这个时间范围内会超过 {number} 段；请选大一些的',
  '{number} cannot be refunded; {number2} of {number3} is left': '不能退 {number}；{number3} 中还剩 {number2}',
  '{id} is odd about {id2}, not {id3}': '{id} 是 {id2} 的特例，不是 {id3} 的',
  'takes one of credentials, finish and drop': '只能是 credentials、finish、drop 之一',
  'overlap_s is for new secrets': 'overlap_s 只用于新的密钥',
  'force needs a url and a note, and a note needs force': 'force 需要同时给出 url 和 note，note 也需要 force',

  // What the schemas say by themselves.
  'invalid input': '无效的值',
  'invalid input: expected {term}, received {term2}': '应为{term}，收到的是{term2}',
  string: '文本',
  number: '数字',
  int: '整数',
  boolean: '布尔值',
  object: '对象',
  record: '对象',
  array: '列表',
  null: '空值',
  'invalid key in record': '名称无效',
  'invalid string: must match pattern {quote}': '格式不符，应为 {quote}',
  'too small: expected number to be >={number}': '不能小于 {number}',
  'too big: expected number to be <={number}': '不能大于 {number}',
  'too small: expected string to have >={number} characters': '至少 {number} 个字符',
  'too big: expected string to have <={number} characters': '最多 {number} 个字符',
  'too small: expected array to have >={number} items': '至少 {number} 项',
  'too big: expected array to have <={number} items': '最多 {number} 项',
  'invalid option: expected one of {quote}': '必须是以下之一：{quote}',
  'invalid ISO date': '必须是 YYYY-MM-DD 格式的日期',

  // Credentials.
  'is a placeholder, not a secret': '这是示例中的占位内容，不是密钥',
  'must be 1–{number} characters of {quote}': '必须是 1 至 {number} 个字符：{quote}',
  'must not hold spaces or characters outside ASCII': '不能有空格或非 ASCII 字符',
  'must start with {id}': '必须以 {id} 开头',
  'must start with {id} or {id2}': '必须以 {id} 或 {id2} 开头',
  'must be a secret or restricted API key': '必须是 secret 或 restricted API 密钥（sk_ 或 rk_ 开头）',
  'must be base64 of {number} bytes': '必须是 {number} 字节的 base64',
  'must be {id} and base64 of {sentence}': '必须是 {id} 加上 {sentence}的 base64',
  '{number} bytes': '{number} 字节',
  '{number} to {number2} bytes': '{number} 至 {number2} 字节',
  'an Ed25519 seed and its public key': 'Ed25519 种子及其公钥',
  'must be an RSA public key or certificate of at least 2048 bits, as PEM or its base64; not a private key':
    '必须是至少 2048 位的 RSA 公钥或证书（PEM 或其 base64），不能是私钥',
  'must be an RSA private key of at least 2048 bits, as PEM or its base64':
    '必须是至少 2048 位的 RSA 私钥（PEM 或其 base64）',
  'must be an X.509 certificate in PEM': '必须是 PEM 格式的 X.509 证书',
  'must be a URL without user, query and a slash at its end': '必须是不带用户名和查询参数、结尾没有斜杠的网址',
  'must be the URL that is registered at Square': '必须是在 Square 登记的网址',
  "must be the address of a certificate at PayPal's API": '必须是 PayPal API 上的证书地址',
  'must be the 64 hex digits that Adyen shows': '必须是 Adyen 显示的 64 位十六进制',
  'must be a user name and a password, joined by a colon': '必须是以冒号连接的用户名和密码',
  'must be names joined by points': '必须是以点号连接的字段名',
  'must hold 1 to 8 keys': '需要 1 至 8 个密钥',
  'must name at least one key, by its serial or PUB_KEY_ID, unless merchant_serial and merchant_private_key can fetch it':
    '至少填写一个公钥（序列号或 PUB_KEY_ID），或者填写商户证书序列号和商户私钥以便自动获取',
  'needs secrets or {id}': '需要 secrets 或 {id}',
  'needs either webhook_secrets, for next-gen events, or classic, for the bare id of the payment':
    '需要 webhook 密钥（新版事件），或者选择经典 webhook',
  'client_id and client_secret go together': 'Client ID 与 client secret 必须一起填写',
  'must be "{id}", the name of the risk, or absent': '必须是风险的名称 "{id}"，或不填',
  '{id} is a test key, and the account is live': '{id} 是测试环境的密钥，而账户是正式环境',
  '{id} is a test token, and the account is live': '{id} 是测试环境的令牌，而账户是正式环境',
  '{id} is a key of the sandbox, and the account is live': '{id} 是沙箱环境的密钥，而账户是正式环境',
  '{id} holds a test key, and the account is live': '{id} 中有测试环境的密钥，而账户是正式环境',
  '{id} holds a key of the sandbox, and the account is live': '{id} 中有沙箱环境的密钥，而账户是正式环境',
  '{id}: a key cannot be used ({quote})': '{id}：有一个密钥无法使用（{quote}）',
  '{sentence}, so the provider is asked before a callback is believed. {sentence2}; or accept the risk with accept_risk: "{id}"':
    '{sentence}，因此要先向支付平台查询才能相信回调。{sentence2}；或者勾选接受风险（accept_risk: "{id}"）',
  'the signature covers the id of the payment, and nothing that happened to it':
    '签名只覆盖付款的编号，不覆盖付款的结果',
  'the signature covers a CRC-32 of the body, which another body can have too':
    '签名只覆盖请求体的 CRC-32，另一个请求体也可能有相同的值',
  'signature_key does not cover transaction_status and refunds': 'signature_key 不覆盖 transaction_status 和退款',
  'a classic webhook is the id of a payment and nothing else': '经典 webhook 只有付款的编号，没有其他内容',
  'a refund notification is encrypted, but not signed': '退款通知只加密，没有签名',
  'a static token stands beside the body, which nothing signs': '请求只带固定的令牌，请求体没有签名',

  // What of a text is the key.
  'the text as it stands': '原文即密钥',
  'the whole text, {id} included': '整段文本即密钥，包括 {id}',
  'the {number} characters as they stand': '原文的 {number} 个字符',
  'the {number} bytes of the {number2} hex digits': '{number2} 位十六进制所表示的 {number} 字节',
  'base64 of {number} bytes': '{number} 字节的 base64',
  'what follows {id}, as base64 of {sentence}': '{id} 之后的 base64，{sentence}',
  'an RSA private key, as PEM or its base64': 'RSA 私钥，PEM 或其 base64',
  'an RSA public key or certificate, as PEM or its base64': 'RSA 公钥或证书，PEM 或其 base64',
  'X.509 in PEM, of an RSA key': 'PEM 格式的 X.509 证书，RSA 密钥',
  'a certificate as PEM': 'PEM 格式的证书',
} as const satisfies Pairs;
