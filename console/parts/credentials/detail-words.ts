import { useLanguage } from '../../texts/texts.ts';

/** What the API says of a wrong field, in Chinese; it says it in English. */
const inChinese: readonly (readonly [RegExp, string])[] = [
  [/^is missing$/, '必须填写'],
  [/^is not a field here$/, '没有这个字段'],
  [/^is a placeholder, not a secret$/, '这是示例中的占位内容，不是密钥'],
  [/^must have at least (\d+) characters?$/, '至少 $1 个字符'],
  [/^must have at most (\d+) characters?$/, '最多 $1 个字符'],
  [/^must have exactly (\d+) characters$/, '必须正好 $1 个字符'],
  [/^must be 1–(\d+) characters of (.+)$/, '只能是 1 至 $1 个字符：$2'],
  [/^must not hold spaces or characters outside ASCII$/, '不能有空格或非 ASCII 字符'],
  [/^must start with (.+) or (.+)$/, '必须以 $1 或 $2 开头'],
  [/^must start with (.+)$/, '必须以 $1 开头'],
  [/^must be a secret or restricted API key$/, '必须是 secret 或 restricted API 密钥（sk_ 或 rk_ 开头）'],
  [/^must be base64 of 32 bytes$/, '必须是 32 字节的 base64'],
  [/^must be (\S+) and base64 of .+$/, '必须是 $1 加上长度正确的 base64'],
  [
    /^must be an RSA public key or certificate.+$/,
    '必须是至少 2048 位的 RSA 公钥或证书（PEM 或其 base64），不能是私钥',
  ],
  [/^must be an RSA private key.+$/, '必须是至少 2048 位的 RSA 私钥（PEM 或其 base64）'],
  [/^must be an X\.509 certificate in PEM$/, '必须是 PEM 格式的 X.509 证书'],
  [/^must be a URL without user.+$/, '必须是不带用户名和查询参数、结尾没有斜杠的网址'],
  [/^must be the URL that is registered at Square$/, '必须是在 Square 登记的网址'],
  [/^must be the address of a certificate at PayPal.+$/, '必须是 PayPal API 上的证书地址'],
  [/^must be the 64 hex digits that Adyen shows$/, '必须是 Adyen 显示的 64 位十六进制'],
  [/^must be a user name and a password, joined by a colon$/, '必须是以冒号连接的用户名和密码'],
  [/^must be names joined by points$/, '必须是以点号连接的字段名'],
  [/^must hold 1 to 8 keys$/, '需要 1 至 8 个密钥'],
  [/^too small: .*>=(\d+) .*$/, '至少 $1 个'],
  [/^too big: .*<=(\d+) .*$/, '最多 $1 个'],
  [/^invalid ISO date$/, '必须是 YYYY-MM-DD 格式的日期'],
  [/^must not be empty$/, '不能为空'],
  [
    /^must name at least one key.+$/,
    '至少填写一个公钥（序列号或 PUB_KEY_ID），或者填写商户证书序列号和商户私钥以便自动获取',
  ],
  [/^needs secrets or (public|private)_keys$/, '需要密钥，或者公钥／私钥'],
  [/^needs either webhook_secrets.+$/, '需要 webhook 密钥（新版事件），或者选择经典 webhook'],
  [/^client_id and client_secret go together$/, 'Client ID 与 client secret 必须一起填写'],
  [/^(\w+) .*(?:test|sandbox).+ and the account is live$/, '$1 是测试环境的密钥，而账户是正式环境'],
  [/^.*: a key cannot be used \((.+)\)$/, '有一个密钥无法使用（$1）'],
  [
    /^.+so the provider is asked before a callback is believed.+accept_risk: "(.+)"$/,
    '该平台的签名没有覆盖关键内容，因此要先向平台查询才能相信回调。请填写查询用的密钥，或者勾选接受风险 $1',
  ],
];

/** What of a text is the key: the phrase that stands behind an error, too. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/^the text as it stands$/, '原文即密钥'],
  [/^the whole text, (\S+) included$/, '整段文本即密钥，包括 $1'],
  [/^the 32 characters as they stand$/, '原文的 32 个字符'],
  [/^the 32 bytes of the 64 hex digits$/, '64 位十六进制所表示的 32 字节'],
  [/^base64 of 32 bytes$/, '32 字节的 base64'],
  [/^what follows (\S+), as base64 of (\d+)(?: to (\d+))? bytes$/, '$1 之后的 base64'],
  [/^what follows (\S+), as base64 of .+$/, '$1 之后的 base64'],
  [/^an RSA private key.+$/, 'RSA 私钥，PEM 或其 base64'],
  [/^an RSA public key.+$/, 'RSA 公钥或证书，PEM 或其 base64'],
  [/^X\.509 in PEM.*$/, 'PEM 格式的 X.509 证书'],
  [/^a certificate as PEM$/, 'PEM 格式的证书'],
];

/** Says what is wrong with a field in the language of the viewer; in English where there are no other words. */
export function useDetail(): (detail: string) => string {
  const { language } = useLanguage();
  if (language === 'en') return (detail) => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
  return detailInChinese;
}

/** As it stands where there are no Chinese words for it. */
export function detailInChinese(detail: string): string {
  const [, what = detail, meaning] = /^(.*?)(?: \(what counts is (.+)\))?$/s.exec(detail) ?? [];
  return `${chinese(inChinese, what)}${meaning === undefined ? '' : `（${chinese(meanings, meaning)}）`}`;
}

function chinese(table: typeof inChinese, text: string): string {
  const [pattern, words] = table.find(([pattern]) => pattern.test(text)) ?? [];
  return pattern === undefined || words === undefined ? text : text.replace(pattern, words);
}
