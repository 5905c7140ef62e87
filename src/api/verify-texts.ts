import type { Diagnosis } from '../service.ts';

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];
type CauseName = NonNullable<Diagnosis['cause']>['name'];

/** Everything that the page says by itself. What receivers say, and where the difference is, is English as in the API. */
export const texts = {
  en: {
    title: 'Why was it refused?',
    lead: 'Paste a callback as it came. It is opened with the account’s secrets, and nothing is kept.',
    key: 'API key (scope read)',
    account: 'Account',
    paste: 'The request: a curl command, a HAR entry, or a request line with headers, an empty line and the body',
    entry: 'Entry of the HAR, from 1 (only where several have a body)',
    verify: 'Verify',
    accepted: 'Accepted',
    refused: 'Refused',
    cause: 'Cause',
    noCause: 'None found: a forgery, or sealed with a secret that no account here has.',
    unproven: 'As it looks; nothing that was tried makes it fit.',
    next: 'Next',
    remaining: 'It would still be refused',
    difference: 'First difference',
    received: 'received',
    verified: 'verifies',
    place: (line: number, column: number, offset: number) => `line ${line}, column ${column}, byte ${offset}`,
    tried: 'Tried, in order',
    fits: 'fits',
    signed: 'What should have been signed',
  },
  zh: {
    title: '回调为什么被拒绝？',
    lead: '粘贴收到的回调原文。系统用该账户的密钥打开它，不保存任何内容。',
    key: 'API 密钥（read 权限）',
    account: '账户',
    paste: '请求：curl 命令、HAR 条目，或请求行加请求头、空行和请求体',
    entry: 'HAR 中的第几条，从 1 起（仅当多条都有请求体时）',
    verify: '验证',
    accepted: '接受',
    refused: '拒绝',
    cause: '原因',
    noCause: '没有找到：可能是伪造，或签名所用的密钥不属于这里的任何账户。',
    unproven: '仅从表面看如此；所有尝试都未能让签名相符。',
    next: '下一步',
    remaining: '修复后仍会被拒绝',
    difference: '第一处差异',
    received: '收到',
    verified: '可验证',
    place: (line: number, column: number, offset: number) => `第 ${line} 行，第 ${column} 列，字节 ${offset}`,
    tried: '依次尝试',
    fits: '相符',
    signed: '应当被签名的内容',
  },
} as const;

/** The next step of each cause, in Chinese; the API has it in English. */
export const nextInChinese: Readonly<Record<CauseName, string>> = {
  other_key: '让发送方使用那个账户的回调地址，或把发送方的密钥加到本账户。',
  other_environment: '测试环境和正式环境的密钥不同：请使用与发送方环境一致的回调地址。',
  other_account: '在支付平台填写这条回调所属账户的回调地址。',
  body_rewritten: '原样传递请求体：在 JSON 解析之前取得它，并且不要让网关解析后重新写出。',
  white_space: '原样传递字节：换行或空白被增加、删除或改变了。',
  charset: '原样传递字节：有程序按一种字符集读取，又按另一种写出。',
  charset_lost: '传递字节而不是文本：被替换成 � 的字符无法恢复，请让平台重新发送。',
  form_rewritten: '原样传递表单：有程序解码后又编码，两步不一致。',
  body_cut: '传递完整的请求体：它的长度与 content-length 不符。',
  header_missing: '让代理保留这个请求头：它没有到达，或名称被改变。',
  header_renamed: '让代理保留请求头的名称，包括连字符。',
  header_duplicated: '去掉代理或客户端中重复添加该请求头的设置。',
  header_changed: '让代理原样传递这个请求头的值。',
  url: '双方使用完全相同的地址：协议、主机、端口、路径和末尾的斜杠。',
  clock: '同步双方的时钟。保存后再次发送的请求被拒绝是正确的。',
  unknown_key: '按说明中的编号，把签名所用的密钥加到账户。',
  secret_reading: '双方用同样的方式把密钥文本变成字节，把摘要变成文本。',
  scheme: '让发送方使用账户所配置的签名方式。',
  probe: '无需处理：平台在测试您是否验签，之后会重新发送正确签名的通知。',
  encryption: '与平台后台核对解密密钥：签名相符，但请求体无法解密。',
};
