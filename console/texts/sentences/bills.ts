import type { Pairs } from '../sentences.ts';

/** Why a bill cannot be read. */
export const billSentences = {
  'line {number}: {sentence}': '第 {number} 行：{sentence}',

  // The file.
  'the file is empty': '文件是空的',
  'the file is not a zip': '文件不是 zip',
  'the zip ends early': 'zip 文件不完整',
  'the zip cannot be unpacked: {quote}': 'zip 无法解压：{quote}',
  'the zip unpacks to more than {number} bytes': 'zip 解压后超过 {number} 字节',
  'no file of the zip begins with {quote}': 'zip 中没有以 {quote} 开头的文件',
  'the file is longer than {number} bytes': '文件超过 {number} 字节',
  'what follows is not in {id}': '此后的内容不是 {id} 编码',
  'it holds a NUL': '含有 NUL 字符',
  'it is longer than {number} characters': '超过 {number} 个字符',
  'a quote does not close': '引号没有闭合',
  'a record of more than {number} characters, or an open quote': '一条记录超过 {number} 个字符，或引号没有闭合',
  'text follows a closing quote': '引号之后还有内容',

  // Titles and rows.
  'two columns are called {quote}': '有两列都叫 {quote}',
  'there is no column {quote}': '没有 {quote} 列',
  '{number} values under {number2} titles': '{number2} 列标题下有 {number} 个值',
  'neither the titles of a trade bill (交易时间, …) nor those of a fund flow bill (记账时间, …)':
    '既不是交易账单的标题（交易时间……），也不是资金账单的标题（记账时间……）',
  'a row before its titles': '标题之前出现了数据行',
  'a row after the end of the list': '明细结束之后还有数据行',
  'a record of the unknown kind {quote}': '未知的记录类型 {quote}',
  'a section without its footers': '有一节缺少结尾',
  'a section without a footer for {currency}': '有一节缺少 {currency} 的结尾',
  'something follows the end of the file': '文件结尾之后还有内容',
  'something follows the totals': '合计之后还有内容',
  'the file ends without its footer': '文件缺少结尾，可能不完整',
  'the file ends without its totals': '文件缺少合计，可能不完整',
  'the file ends without #{quote}': '文件缺少 #{quote}，可能不完整',

  // Values.
  'no {title}': '缺少 {title}',
  '{quote} was rounded by a spreadsheet; send the file as the platform gave it':
    '{quote} 已被表格软件舍入；请上传平台提供的原文件',
  'nothing is no amount of {quote}': '缺少 {quote} 的金额',
  '{quote} is no amount of {quote2}': '{quote} 不是 {quote2} 的金额',
  '手续费 {quote} is no amount': '手续费 {quote} 不是金额',
  'a negative amount': '金额是负数',
  '{quote} is no currency of ISO 4217': '{quote} 不是 ISO 4217 币种',
  'neither a debit nor a credit': '借方和贷方都没有金额',
  '{quote} is neither CR nor DR': '{quote} 既不是 CR 也不是 DR',
  'the time zone {quote} is not known; ask for the report in UTC': '时区 {quote} 未知；请下载 UTC 时区的报表',
  'the sign of 订单金额 does not fit 业务类型': '订单金额的正负与业务类型不符',
  '商户号 is {quote}; the account has {id}': '商户号是 {quote}；账户的是 {id}',
  '收支类型 is {quote}': '收支类型是 {quote}',
  'a refund without 微信退款单号': '退款没有微信退款单号',
  'a second partial_capture_reversal of one charge': '同一笔 charge 有第二个 partial_capture_reversal',
  'a partial_capture_reversal apart from its charge': 'partial_capture_reversal 没有与它的 charge 在一起',
  'it takes back more than the charge, or another currency': '退回的比 charge 多，或币种不同',

  // Totals.
  '{title} is {quote}, and the file has {number} rows': '{title}是 {quote}，而文件有 {number} 行',
  '{title} is {quote}, and the rows add up to {number} ({number2} decimals)':
    '{title}是 {quote}，而各行合计为 {number}（{number2} 位小数）',
  '{number} {title}, and the file has {number2}': '{title}应有 {number} 笔，而文件中有 {number2} 笔',
  '{title} of {quote}, and the rows add up to {number} fen': '{title}合计 {quote}，而各行合计为 {number} 分',
  'credits in {quote} are {quote2}, and the rows add up to {number}':
    '{quote} 的贷方合计是 {quote2}，而各行合计为 {number}',
  'debits in {quote} are {quote2}, and the rows add up to {number}':
    '{quote} 的借方合计是 {quote2}，而各行合计为 {number}',
} as const satisfies Pairs;
