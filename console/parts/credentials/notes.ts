/** One of the notes about a platform: what it is about, and the text, in the little Markdown of those pages. */
export interface Note {
  term: string;
  text: string;
}

/** A piece of a text: plain, code, or emphasis. */
export interface Piece {
  kind: 'plain' | 'code' | 'emphasis';
  text: string;
}

/** What a person has to do at the platform, by the terms of the two languages, in the order they are shown. */
export const noteTerms = {
  en: ['Keys', 'Callback URL', 'Read', 'Order', 'Acknowledgement'],
  zh: ['密钥', '回调地址', '订单号', '应答'],
} as const;

/** The notes with these terms, in their order; `page` is the page of a provider, or its part of the page of all. */
export function notesIn(page: string, terms: readonly string[]): readonly Note[] {
  // Below the border stands what is generated from the provider.
  const [byHand = ''] = page.split(/^<!--/m);
  const notes = byHand.split(/^(?=- \*\*)/m).flatMap((item) => {
    const [, term, text] = /^- \*\*(.+?)\*\*[:：]\s*(.*?)(?:\n\n.*)?$/s.exec(item) ?? [];
    return term === undefined || text === undefined ? [] : [{ term, text: begun(joined(text)) }];
  });
  return terms.flatMap((term) => notes.filter((note) => note.term === term));
}

/** The part of a page of all providers that is about one. */
export function partOf(page: string, provider: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`\`${provider}\`\n`)) ?? '';
}

export function piecesOf(text: string): readonly Piece[] {
  const linked = text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  return linked.split(/(`[^`]+`|\*[^*`]+\*)/).flatMap((piece): Piece[] => {
    if (piece === '') return [];
    if (piece.startsWith('`')) return [{ kind: 'code', text: piece.slice(1, -1) }];
    if (/^\*.+\*$/.test(piece)) return [{ kind: 'emphasis', text: piece.slice(1, -1) }];
    return [{ kind: 'plain', text: piece }];
  });
}

/** As a sentence begins: there it stands behind its term. */
function begun(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Lines of a paragraph as one; where Chinese meets Chinese without a space. */
function joined(text: string): string {
  return text
    .trim()
    .replace(/(?<=[\u3000-\u303f\uff00-\uffef])\n\s*|(?<=\p{Script=Han})\n\s*(?=[\p{Script=Han}\uff00-\uffef])/gu, '')
    .replace(/\s*\n\s*/g, ' ');
}
