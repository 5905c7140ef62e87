import { defineTexts } from './texts.ts';

export const amountTexts = defineTexts('amount', {
  en: { amount: 'Amount', currency: 'Currency' },
  zh: { amount: '金额', currency: '币种' },
});
