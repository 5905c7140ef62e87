import type { Pairs } from '../sentences.ts';

/** What a diagnosis says: what a request tells, and what would make its signature fit. */
export const diagnosisSentences = {
  'authentic, with {number} fact': '通过验证，含 {number} 个事实',
  'authentic, with {number} facts': '通过验证，含 {number} 个事实',
  'authentic; it only says that something changed': '通过验证；只告知有变化',
  'authentic; {sentence}': '通过验证；{sentence}',
  'a challenge, which is answered': '地址验证请求，会得到应答',
  '{term} {number} {currency} (minor units) · order not named · payment {quote} · operation {quote2}':
    '{term} {number} {currency}（最小单位）· 未写明订单 · 付款 {quote} · 操作 {quote2}',
  '{term} {number} {currency} (minor units) · order {quote} · payment {quote2} · operation {quote3}':
    '{term} {number} {currency}（最小单位）· 订单 {quote} · 付款 {quote2} · 操作 {quote3}',
  '{term} no amount · order not named · payment {quote} · operation {quote2}':
    '{term}（无金额）· 未写明订单 · 付款 {quote} · 操作 {quote2}',
  '{term} no amount · order {quote} · payment {quote2} · operation {quote3}':
    '{term}（无金额）· 订单 {quote} · 付款 {quote2} · 操作 {quote3}',

  // What fits.
  'it is authentic and fits under account {id}': '通过验证，属于账户 {id}',
  'the signature fits under account {id}': '签名与账户 {id} 的密钥相符',
  'the signature fits with the URL {quote}': '签名与地址 {quote} 相符',
  'the signature fits over the body {sentence}': '签名与{sentence}后的请求体相符',
  'the signature fits with header {sentence}': '{sentence}后，签名相符',
  'the signature fits, and its time is {number} s in the future': '签名相符，但时间在 {number} 秒之后',
  'the signature fits, and its time is {number} s ago: kept and sent again, or a wrong clock':
    '签名相符，但时间在 {number} 秒之前：保存后再次发送，或时钟不准',
  '{sentence}; whole hours look like a local time that was taken for UTC':
    '{sentence}；相差整小时，像是把本地时间当成了 UTC',

  // The body as it was: 后 follows, after a space where words of another script end.
  'with a newline at the end': '末尾加换行',
  'with a newline at the end, and no other space around it': '去掉首尾空白、末尾加换行',
  'with CRLF at the end': '末尾加 CRLF ',
  'with CRLF instead of LF': '把 LF 换成 CRLF ',
  'without its byte order mark': '去掉字节顺序标记（BOM）',
  'with a byte order mark': '加上字节顺序标记（BOM）',
  '{sentence}, with sorted names': '{sentence}、名称排序',
  '{sentence}, with escapes written as characters': '{sentence}、转义还原为字符',
  '{sentence}, with slashes escaped': '{sentence}、转义斜杠',
  '{sentence}, with non-ASCII escaped': '{sentence}、转义非 ASCII 字符',
  '{sentence}, with non-ASCII and slashes escaped': '{sentence}、转义非 ASCII 字符和斜杠',
  '{sentence}, with < > & escaped': '{sentence}、转义 <、> 和 & 符号',
  'written compactly': '去掉 JSON 中的空白',
  'with a space after each comma and colon': '每个逗号和冒号后加一个空格',
  'with + as %2B': '把 + 换成 %2B ',
  'with the + of its base64 as %2B': '把 base64 中的 + 换成 %2B ',
  'with %20 as +': '把 %20 换成 + ',
  'with + as %20': '把 + 换成 %20 ',
  'with its values encoded': '对各个值编码',
  'with its values encoded, % and + included': '对各个值编码（包括 % 和 +）',
  'decoded once': '整体解码一次',
  'with its values decoded once': '对各个值解码一次',
  'without HTML entities': '还原 HTML 实体',
  'as a form, before it became JSON': '从 JSON 还原为表单',
  'as UTF-8, before something wrote it in GBK': '还原为 UTF-8（曾被写成 GBK）',
  'as GBK, before something wrote it in UTF-8': '还原为 GBK（曾被写成 UTF-8）',
  'as UTF-8, before something read it as Latin-1': '还原为 UTF-8（曾被当作 Latin-1 读取）',
  'as UTF-8, before something read it as Windows-1252': '还原为 UTF-8（曾被当作 Windows-1252 读取）',
  'as UTF-8, before something wrote it in Latin-1': '还原为 UTF-8（曾被写成 Latin-1）',

  // The headers as they were.
  '{id}, which came as {id2}; {sentence}': '把请求头 {id2} 改回 {id}、{sentence}',
  '{id}, which came as {id2}': '把请求头 {id2} 改回 {id} ',
  'the first copy of {quote}': '只取请求头 {quote} 的第一份',
  'the last copy of {quote}': '只取请求头 {quote} 的最后一份',
  '{id}, percent-encoding undone': '还原请求头 {id} 的百分号编码',
  '{id}, spaces as +': '把请求头 {id} 中的空格换成 + ',
  '{id}, without the quotes and spaces around it': '去掉请求头 {id} 首尾的引号和空格',
  '{id}, base64url as base64': '把请求头 {id} 从 base64url 换成 base64 ',

  // Another reading of the secret.
  'the signature is HMAC-{id} in {sentence} over {sentence2}, the secret being {sentence3}':
    '签名是对{sentence2}计算的 HMAC-{id}，写成{sentence}，密钥取{sentence3}',
  hexadecimal: '十六进制',
  'upper-case hexadecimal': '大写十六进制',
  base64: ' base64',
  base64url: ' base64url',
  'the signed text': '被签名的内容',
  'the body alone': '请求体本身',
  'its whole text': '完整文本',
  'its text after the prefix': '前缀之后的文本',
  'decoded from base64': ' base64 解码后的字节',
  'decoded from hexadecimal': '十六进制解码后的字节',
  'its text with a newline at the end': '完整文本加换行',
  'its text with CRLF at the end': '完整文本加 CRLF',

  // What the request itself shows.
  'the body has {number} bytes; content-length announces {number2}':
    '请求体有 {number} 字节；content-length 写的是 {number2}',
  'a character at byte {number} was replaced by �, as a wrong charset does':
    '字节 {number} 处的字符被替换成了 �，字符集不对时就会这样',
} as const satisfies Pairs;
