import type { UseQueryResult } from '@tanstack/react-query'
import type { ComponentProps, ReactNode } from 'react'
import { EmptyState } from '../../ui/EmptyState'
import { IconSearch } from '../../ui/icons'
import { Heading } from './Heading'
import { PageSkeleton } from './PageSkeleton'
import { FailedPage } from './States'
import p from './parts.module.css'

export interface Column<T> {
  head: string
  cell: (item: T, at: number) => ReactNode
  /** Only where there is room */
  wide?: boolean
  /** At the right, as figures and buttons are */
  end?: boolean
  nowrap?: boolean
  /** The head is for screen readers: what stands below speaks for itself */
  silent?: boolean
}

interface ListPageProps<T> {
  title: string
  text: ReactNode
  list: Pick<UseQueryResult<T[]>, 'data' | 'error' | 'refetch'>
  columns: Column<T>[]
  /** The button that makes the first one, and every other */
  create?: ReactNode
  empty: Omit<ComponentProps<typeof EmptyState>, 'action'>
  /** What narrows the list, and what is left of it */
  search?: { box: ReactNode; found: T[] }
  /** Below the list: dialogs, and what belongs to it */
  children?: ReactNode
}

/** A page of settings that is one table of things. */
export function ListPage<T extends { id: string }>({ title, text, list, columns, create, empty, search, children }: ListPageProps<T>) {
  const { data, error, refetch } = list
  if (error && !data) return <FailedPage title={title} error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title={title} />
  const shown = search?.found ?? data
  return (
    <>
      <Heading title={title} text={text} actions={data.length > 0 && create} />
      <section className={p.list} aria-label={title}>
        {data.length === 0 ? (
          <EmptyState {...empty} action={create} />
        ) : (
          <>
            {search && <div className={p.listSearch}>{search.box}</div>}
            {shown.length === 0 ? (
              <EmptyState icon={IconSearch} title="Nothing found" text="Nothing here is called that." />
            ) : (
              <Rows title={title} items={shown} columns={columns} />
            )}
          </>
        )}
      </section>
      {children}
    </>
  )
}

function Rows<T extends { id: string }>({ title, items, columns }: { title: string; items: T[]; columns: Column<T>[] }) {
  return (
    <div className={p.tableWrap}>
      <table className={p.table} aria-label={title}>
        <thead>
          <tr>
            {columns.map(({ head, wide, end, silent }) => (
              <th key={head} data-wide={wide || undefined} data-end={end || undefined}>
                {silent ? <span className="visually-hidden">{head}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, at) => (
            <tr key={item.id}>
              {columns.map(({ head, cell, wide, end, nowrap }) => (
                <td key={head} data-wide={wide || undefined} data-end={end || undefined} className={nowrap ? p.nowrap : undefined}>
                  {cell(item, at)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
