import type { StoredCase } from './archive.ts';
import type { SearchResult } from './contract.ts';

/** What must be said with a case: what was published about it later, and why its text is not here. */
export function saidOf({ notices, withheld }: StoredCase): Pick<SearchResult, 'notices' | 'text_withheld'> {
  // That somebody commented on it says nothing about its worth.
  const telling = (notices ?? []).filter(({ kind }) => kind !== 'comment');
  return {
    ...(telling.length === 0 ? {} : { notices: telling }),
    ...(withheld === undefined ? {} : { text_withheld: withheld }),
  };
}
