/** The shop that all nodes of a test serve. */
export const merchant = 'shop';
export const accountName = 'hmac';
export const handlerName = 'book';
export const apiKey = 'ak_nodes';
export const apiSecret = '0c9e8d7b6a545f0e1c7a9b3d48626f1a';
export const standardSecret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

/** What a shop's process is told at its start. */
export interface ShopStart {
  database: string;
  masterKey: string;
  adminKey: string;
  /** 0: any that is free. */
  port: number;
}

/** What it says once it has started. */
export interface ShopStarted {
  callbackPath: string;
  port: number;
}

/** What it is told later: whether its handlers end, or stay inside their transactions; to stand still before its next POST. */
export type ShopOrder = 'hold' | 'go on' | 'stop at the next seal';
