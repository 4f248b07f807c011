import { useEffect, type ReactNode, type UIEvent } from 'react'
import { usePhone } from '../lib/media'
import { setTitle } from '../lib/title'
import { NoPermission } from './ErrorState'
import s from './two-pane.module.css'

interface TwoPaneProps {
  title: string
  allowed: boolean
  list: ReactNode
  /** what is open beside the list; a phone shows one of the two */
  detail: ReactNode
  /** said while nothing is open */
  nothing: ReactNode
  /** lists whose rows say more */
  wide?: boolean
}

/** A list, and beside it what was chosen from it. */
export function TwoPane({ title, allowed, list, detail, nothing, wide }: TwoPaneProps) {
  const phone = usePhone()
  const open = Boolean(detail)
  useEffect(() => {
    if (!open) setTitle(`${title} · Parley`)
  }, [open, title])

  return (
    <main className={s.page} data-wide={wide || undefined}>
      {!allowed ? (
        <NoPermission />
      ) : (
        <>
          {!(phone && open) && list}
          {open ? detail : !phone && <div className={s.nothing}>{nothing}</div>}
        </>
      )}
    </main>
  )
}

interface Pages {
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => Promise<unknown>
}

/** For `onScroll`: fetches the next page before the end of the list comes into sight. */
export function moreBeforeEnd(pages: Pages, px: number) {
  return ({ currentTarget: element }: UIEvent<HTMLElement>) => {
    const left = element.scrollHeight - element.scrollTop - element.clientHeight
    if (left < px && pages.hasNextPage && !pages.isFetchingNextPage) void pages.fetchNextPage()
  }
}
