import { defineTexts } from './texts.ts';

export const frameTexts = defineTexts('frame', {
  en: {
    'nav.label': 'Main',
    'nav.money': 'Money',
    'nav.traffic': 'Traffic',
    'nav.setup': 'Set-up',
    overview: 'Overview',
    orders: 'Orders',
    discrepancies: 'Discrepancies',
    callbacks: 'Callbacks',
    deliveries: 'Deliveries',
  },
  zh: {
    'nav.label': '主导航',
    'nav.money': '资金',
    'nav.traffic': '通信',
    'nav.setup': '设置',
    overview: '总览',
    orders: '订单',
    discrepancies: '差异',
    callbacks: '回调',
    deliveries: '投递',
  },
});

export const signInTexts = defineTexts('sign-in', {
  en: {
    title: 'Sign in',
    lead: 'Every payment result: received, sent, confirmed.',
    key: 'Admin key or API key',
    hint: 'An API key needs the scope read; with operate it may act as well.',
    where: 'Where is my key?',
    dev: 'npm start prints the admin key at each start.',
    serve: 'In production it is PAIDONCE_ADMIN_KEY, or what was printed once at the first start.',
    signIn: 'Sign in',
    wrong: 'This key is not known. Check that it was copied whole.',
    scope: 'This key may not read. Use one with the scope read.',
    slow: 'Too many tries from this address. Wait {{seconds}} seconds.',
    missing: 'Enter a key.',
  },
  zh: {
    title: '登录',
    lead: '每一笔支付结果：收到、送达、确认。',
    key: '管理密钥或 API 密钥',
    hint: 'API 密钥需要 read 权限；有 operate 权限时还可以操作。',
    where: '密钥在哪里？',
    dev: 'npm start 每次启动都会打印管理密钥。',
    serve: '生产环境中是 PAIDONCE_ADMIN_KEY，或首次启动时打印的那一个。',
    signIn: '登录',
    wrong: '没有这个密钥。请检查是否完整复制。',
    scope: '这个密钥不能读取。请使用有 read 权限的密钥。',
    slow: '该地址尝试次数过多。请等待 {{seconds}} 秒。',
    missing: '请输入密钥。',
  },
});
