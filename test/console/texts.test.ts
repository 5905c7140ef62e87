import { describe, expect, it } from 'vitest';
import { chineseSettings } from '../../console/pages/settings/chinese.ts';
import { settingNames } from '../../src/server/settings.ts';

describe('the texts of the console', () => {
  it('say every setting in Chinese, and none that is gone', () => {
    expect(Object.keys(chineseSettings).toSorted()).toEqual([...settingNames].toSorted());
  });
});
