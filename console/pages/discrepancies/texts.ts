import { defineTexts } from '../../texts/texts.ts';

export const discrepanciesTexts = defineTexts('discrepancies', {
  en: {
    title: 'Discrepancies',
    lead: 'Money that does not fit. Open one to decide it with its order.',
    kind: 'Kind',
    state: 'State',
    merchant: 'Merchant',
    assignee: 'Assigned to',
    order: 'Order',
    amount: 'Amount',
    why: 'Why',
    opened: 'Opened',
    'empty.title': 'All money fits',
    empty: 'What does not fit an order’s expectation, a query or a bill appears here.',
  },
  zh: {
    title: '差异',
    lead: '对不上的钱。打开一条，在它的订单里处理。',
    kind: '类型',
    state: '状态',
    merchant: '商户',
    assignee: '负责人',
    order: '订单',
    amount: '金额',
    why: '原因',
    opened: '出现时间',
    'empty.title': '所有的钱都对得上',
    empty: '与订单应付、查询结果或账单不符的钱会出现在这里。',
  },
});
