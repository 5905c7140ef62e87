import type { Pairs } from '../sentences.ts';

/** What the details of refusals say of things that are named. */
export const problemSentences = {
  'there is no merchant {id}': '没有商户 {id}',
  'there is a merchant {id}': '商户 {id} 已存在',
  'there is no account {id}': '没有账户 {id}',
  'there is no endpoint {id}': '没有端点 {id}',
  'there is no callback {id}': '没有回调 {id}',
  'there is no notification {id}': '没有通知 {id}',
  'there is no delivery {id}': '没有投递 {id}',
  'there is no replay {id}': '没有重放任务 {id}',
  'there is no reconciliation {id}': '没有对账 {id}',
  'there is no discrepancy {id}': '没有差异 {id}',
  'there is no API key {id}': '没有 API 密钥 {id}',
  'merchant {id} has no order {quote}': '商户 {id} 没有订单 {quote}',
  'merchant {id} expects no order {quote}': '商户 {id} 没有登记订单 {quote}',
  'merchant {id} has no account {id2}': '商户 {id} 没有账户 {id2}',
  'merchant {id} has no credentials for {id2}': '商户 {id} 没有 {id2} 的凭据',
  'discrepancy {id} is gone': '差异 {id} 已不存在',
  'a refund of {id} is under way': '{id} 的退款正在进行',
  'no such amount of {id} can be refunded: it is more than the payment still holds, or a refund of it is under way':
    '{id} 不能退这个金额：超过付款的剩余款项，或已有退款正在进行',
  '{money} is not an amount that an order can cost': '{money} 不能作为订单金额',
  'order {id} is in {currency} and has received money': '订单 {id} 的币种是 {currency}，并且已经收款',
  'reference {id} belongs to order {id2}': '引用号 {id} 属于订单 {id2}',
  '{sentence}; override: true records the payment without its word':
    '{sentence}；选择“无论平台怎么说都记录”可以直接记录',
  'too many sign-ins from this address; wait {number} s': '该地址登录次数过多；请等待 {number} 秒',
  'the API key is not known, or was removed': '密钥不存在，或已被删除',
  'the session has ended; sign in again': '登录已过期，请重新登录',
  'only the admin key may do this': '只有管理密钥可以这样做',
  'this needs a key that is not limited to merchants': '需要不限商户的密钥',
  'there is nothing at this path': '该路径下没有内容',
  'the request could not be served; the log says why': '请求未能处理；原因见日志',
  'the store has not committed in the time that the provider waits': '存储没有在支付平台等待的时间内提交',
  'this process is stopping': '本进程正在停止',
} as const satisfies Pairs;
