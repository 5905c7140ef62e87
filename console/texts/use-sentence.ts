import { queryOptions, useQuery } from '@tanstack/react-query';
import type { Problem } from '../../src/api/problem.ts';
import { useLanguage } from './texts.ts';

/** Many, and of no use in English: loaded when they are. */
const chineseQuery = queryOptions({
  queryKey: ['sentences'],
  queryFn: async () => {
    const [{ chineseOf }, { errorsInChinese }] = await Promise.all([
      import('./sentences/chinese.ts'),
      import('./sentences/errors.ts'),
    ]);
    return { chineseOf, errorsInChinese };
  },
  staleTime: Number.POSITIVE_INFINITY,
  refetchInterval: false,
  structuralSharing: false,
});

function useChinese() {
  const { language } = useLanguage();
  const isChinese = language === 'zh';
  const { data } = useQuery({ ...chineseQuery, enabled: isChinese });
  return isChinese ? data : undefined;
}

/** Says a sentence of the server's in the language of the viewer; as it is where that has no words for it. */
export function useSentence(): (english: string) => string {
  const chinese = useChinese();
  return (english) => chinese?.chineseOf(english) ?? english;
}

/** The title of a refusal, and what it says: what is wrong and the next step. */
export function useProblem(): (problem: Pick<Problem, 'code' | 'title' | 'detail' | 'fix'>) => {
  title: string;
  text: string;
} {
  const chinese = useChinese();
  return ({ code, title, detail, fix }) => {
    if (chinese === undefined) return { title, text: `${detail}. ${fix}` };
    const [ownTitle, ownFix] = chinese.errorsInChinese[code];
    return { title: ownTitle, text: `${chinese.chineseOf(detail) ?? detail}。${ownFix}` };
  };
}
