import { defineTexts } from '../../texts/texts.ts';

export const verifyTexts = defineTexts('verify', {
  en: {
    title: 'Why refused?',
    lead: 'Paste a callback as it came. It is opened with the account’s secrets, and nothing is kept.',
    account: 'Account',
    'account.hint': 'Whose callback URL it was sent to.',
    'account.missing': 'Choose an account.',
    'account.none': 'No account fits',
    paste: 'The request',
    'paste.hint':
      'A curl command, a HAR or an entry of one, or a request line with headers, an empty line and the body.',
    'paste.missing': 'Paste a request.',
    entry: 'Entry of the HAR, from 1 (only where several have a body)',
    verify: 'Verify',
    kept: 'Secrets are never shown, nor a signature that would fit.',
    result: 'Result',
  },
  zh: {
    title: '为何被拒？',
    lead: '粘贴收到的回调原文。系统用该账户的密钥打开它，不保存任何内容。',
    account: '账户',
    'account.hint': '请求发往哪个账户的回调地址。',
    'account.missing': '请选择账户。',
    'account.none': '没有符合的账户',
    paste: '请求',
    'paste.hint': 'curl 命令、HAR 或其中一条，或请求行加请求头、空行和请求体。',
    'paste.missing': '请粘贴请求。',
    entry: 'HAR 中的第几条，从 1 起（仅当多条都有请求体时）',
    verify: '验证',
    kept: '不会显示密钥，也不会显示能通过验证的签名。',
    result: '结果',
  },
});
