import { Button, NativeSelect, TextInput } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { api, query } from '../../lib/api'
import { dayKey, dayLabel, clock, fullTime } from '../../lib/format'
import { useMembers } from '../../inbox/presence'
import { useCan } from '../../lib/session'
import type { AuditItem, Page } from '../../lib/types'
import { EmptyState } from '../../ui/EmptyState'
import { IconChevronDown, IconHistory, IconRefresh } from '../../ui/icons'
import { Heading } from '../parts/Heading'
import { PageSkeleton } from '../parts/PageSkeleton'
import { FailedPage, ForbiddenPage } from '../parts/States'
import p from '../parts/parts.module.css'
import { THINGS, sentenceOf } from './actions'
import s from './audit.module.css'

const PAGE = 50

/** Days as a date field has them, in the reader's own time zone. */
interface Filter {
  actor_id: string
  about: string
  from: string
  to: string
}

const ANYTHING: Filter = { actor_id: '', about: '', from: '', to: '' }

const startOf = (day: string, plus = 0): string | null => {
  if (!day) return null
  const at = new Date(`${day}T00:00`)
  at.setDate(at.getDate() + plus)
  return at.toISOString()
}

export default function AuditPage() {
  const allowed = useCan('audit.read')
  const members = useMembers()
  const [filter, setFilter] = useState(ANYTHING)
  const filtered = Object.values(filter).some(Boolean)
  const { actor_id, about, from, to } = filter
  const { data, error, refetch, isRefetching, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam }) => {
      const wanted = { actor_id, about, since: startOf(from), until: startOf(to, 1), cursor: pageParam, limit: PAGE }
      return api.get<Page<AuditItem>>(`/audit${query(wanted)}`)
    },
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled: allowed,
    staleTime: 0,
  })

  if (!allowed) return <ForbiddenPage title="Audit log" />
  if (error && !data) return <FailedPage title="Audit log" error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton title="Audit log" />
  const items = data.pages.flatMap((page) => page.items)
  return (
    <>
      <Heading
        title="Audit log"
        text="Who changed what, when and from where. Entries are never changed or deleted."
        actions={
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} />}
            loading={isRefetching && !isFetchingNextPage}
            onClick={() => void refetch()}
          >
            Refresh
          </Button>
        }
      />
      <div className={s.filter} role="search" aria-label="Filter the audit log">
        <NativeSelect
          label="Who"
          value={actor_id}
          onChange={(event) => setFilter({ ...filter, actor_id: event.currentTarget.value })}
          data={[{ value: '', label: 'Anybody' }, ...[...members.values()].map(({ id, name }) => ({ value: id, label: name }))]}
        />
        <NativeSelect
          label="What"
          value={about}
          onChange={(event) => setFilter({ ...filter, about: event.currentTarget.value })}
          data={[{ value: '', label: 'Anything' }, ...Object.entries(THINGS).map(([value, label]) => ({ value, label }))]}
        />
        <TextInput
          type="date"
          label="From"
          value={from}
          {...(to && { max: to })}
          onChange={(event) => setFilter({ ...filter, from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label="To"
          value={to}
          {...(from && { min: from })}
          onChange={(event) => setFilter({ ...filter, to: event.currentTarget.value })}
        />
        {filtered && (
          <Button variant="subtle" onClick={() => setFilter(ANYTHING)}>
            Clear filters
          </Button>
        )}
      </div>
      {items.length === 0 ? (
        <EmptyState icon={IconHistory} title={filtered ? 'Nothing like that happened' : 'Nothing happened yet'} />
      ) : (
        <section className={s.list} aria-label="Audit log">
          <table className={p.table} aria-label="Audit log">
            <thead>
              <tr>
                <th>Time</th>
                <th>What happened</th>
                <th data-wide>Address</th>
                <th data-end>
                  <span className="visually-hidden">Details</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((item, index) => {
                const before = items[index - 1]
                return (
                  <Fragment key={item.id}>
                    {(!before || dayKey(before.at) !== dayKey(item.at)) && (
                      <tr className={s.day}>
                        <th colSpan={4} scope="rowgroup">
                          {dayLabel(item.at)}
                        </th>
                      </tr>
                    )}
                    <Row item={item} />
                  </Fragment>
                )
              })}
            </tbody>
          </table>
          {hasNextPage && (
            <div className={p.foot}>
              <Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                Show older
              </Button>
            </div>
          )}
        </section>
      )}
    </>
  )
}

function Row({ item }: { item: AuditItem }) {
  const [open, setOpen] = useState(false)
  const { actor, target, detail } = item
  const sentence = sentenceOf(item)
  const name = actor.name || 'Parley'
  const facts = Object.entries((detail ?? {}) as Record<string, unknown>)
  return (
    <>
      <tr>
        <td className={s.time}>
          <time dateTime={item.at} title={fullTime(item.at)}>
            {clock(item.at)}
          </time>
        </td>
        <td>
          <b className={s.actor}>{name}</b>
          {actor.type === 'token' && <span className={p.muted}> (API token)</span>} {sentence.before}{' '}
          {sentence.target && <b className={s.target}>{sentence.target}</b>} {sentence.after}
        </td>
        <td data-wide className={`${p.nowrap} ${p.muted}`}>
          {item.ip ?? 'this server'}
        </td>
        <td data-end>
          <button
            type="button"
            className={s.expand}
            aria-expanded={open}
            aria-label={`Details: ${[name, sentence.before, sentence.target, sentence.after].filter(Boolean).join(' ')}`}
            onClick={() => setOpen(!open)}
          >
            <IconChevronDown size={16} aria-hidden />
          </button>
        </td>
      </tr>
      {open && (
        <tr className={s.detail}>
          <td colSpan={4}>
            <dl>
              <Fact name="Time" value={fullTime(item.at)} />
              <Fact name="Action" value={item.action} code />
              <Fact name="By" value={`${name} (${actor.type} ${actor.id})`} code />
              <Fact name="To" value={`${target.type} ${target.id}`} code />
              <Fact name="Address" value={item.ip ?? 'this server'} code />
              {facts.map(([name, value]) => (
                <Fact
                  key={name}
                  name={name.replaceAll('_', ' ')}
                  value={typeof value === 'object' ? JSON.stringify(value) : String(value)}
                  code
                />
              ))}
            </dl>
          </td>
        </tr>
      )}
    </>
  )
}

function Fact({ name, value, code }: { name: string; value: string; code?: boolean }) {
  return (
    <div>
      <dt>{name.charAt(0).toUpperCase() + name.slice(1)}</dt>
      <dd>{code ? <code>{value}</code> : value}</dd>
    </div>
  )
}
