/** What the API says of settings in English: the meaning, and what holds where it is not set. */
export const chineseSettings: Readonly<Record<string, { meaning: string; absent: string }>> = {
  host: { meaning: '监听地址。不限本机时，请在前面配置 TLS，或在这里设置证书。', absent: '127.0.0.1' },
  port: { meaning: '监听的 TCP 端口；0 表示任意空闲端口。', absent: '7700' },
  public_url: {
    meaning: '回调和收银台地址的前缀，即平台和买家能访问的地址。有些平台会对它签名。',
    absent: 'http(s)://host:port',
  },
  trust_proxy: { meaning: '可信的反向代理：以其 X-Forwarded-For 作为日志中的客户端地址。', absent: '无' },
  data: { meaning: '内置存储和启动时生成的密钥所在的目录。', absent: './data' },
  database_url: {
    meaning: '用 PostgreSQL（14 或更新）保存全部数据，节点数量不限。',
    absent: '使用数据目录中的内置存储',
  },
  database_direct_url: { meaning: '同一数据库，不经过连接池：用于监听通知和迁移。', absent: '与 database_url 相同' },
  retention_days: { meaning: '回调原文、报文和投递记录保留多久；保证只生效一次的数据保留更久。', absent: '90' },
  admin_key: {
    meaning: '可以做任何事的 API 密钥。',
    absent: 'dev 在数据目录中保存一个；serve 首次启动时生成并打印一次',
  },
  master_key: {
    meaning: '加密所保存的密钥。轮换时把新密钥放在旧密钥之前。',
    absent: 'dev 在数据目录中保存一个；serve 拒绝启动',
  },
  seal_key: {
    meaning: '为投递证明签名。能修改数据库的人不应持有它。',
    absent: '使用内置存储时保存在旁边的数据目录；使用 PostgreSQL 时由主密钥派生',
  },
  allow_targets: { meaning: '虽是内网地址，但允许投递的目标。', absent: '无；dev：本机' },
  alert_robots: {
    meaning: '向哪里发送告警：Slack、钉钉、飞书、企业微信，或以 JSON 发往您的地址。',
    absent: '不发送；GET /v1/alerts 照样可以查看',
  },
  alert_rules: { meaning: '与默认不同的告警阈值；0 表示关闭该规则。', absent: '见告警指南' },
  oidc_issuer: { meaning: '控制台除密钥外的登录方式：公司的身份提供方（OpenID Connect）。', absent: '只能用密钥登录' },
  oidc_client_id: { meaning: '本服务在身份提供方登记的客户端 ID。', absent: '只能用密钥登录' },
  oidc_client_secret: { meaning: '本服务在身份提供方登记的客户端密钥。', absent: '只能用密钥登录' },
  oidc_roles: {
    meaning: '身份提供方的哪个声明对应哪个角色；取最高的一个，没有对应角色的人不能登录。',
    absent: '只能用密钥登录',
  },
  tls_cert: { meaning: '证书链文件。设置后以 HTTPS 提供服务；文件变更后自动重新读取。', absent: 'HTTP' },
  tls_key: { meaning: '证书私钥文件；变更后自动重新读取。', absent: 'HTTP' },
  processes: {
    meaning: 'serve 接收请求的进程数。大于 1 时，它们与负责存储、投递和维护的进程并行运行。',
    absent: '1：一个进程完成全部工作',
  },
  log_level: { meaning: '日志输出的最低级别，每行一条 JSON。', absent: 'info；dev：warn' },
};
