import { Button, Menu, Progress, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useState, type CSSProperties, type ReactNode } from 'react'
import { Going } from '../inbox/list/Going'
import { running } from '../inbox/list/bulk'
import { useMembers } from '../inbox/presence'
import { api } from '../lib/api'
import { ago, count, languageName, plural, shortDay } from '../lib/format'
import { queryClient } from '../lib/query'
import { useCan } from '../lib/session'
import { useCell } from '../lib/store'
import { setTitle } from '../lib/title'
import { toastError } from '../lib/toast'
import type { DataHealth, Finding } from '../lib/types'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState, NoPermission } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { IconCheck, IconInfoCircle, IconUsers } from '../ui/icons'
import { fieldsQuery } from './contactFields'
import { EVERYBODY, LANGUAGES, choosePeople, fixEverybody, people, useLists } from './contactLists'
import { healthQuery } from './dataHealth'
import s from './health.module.css'

const ZoneDialog = lazy(() => import('./ZoneDialog'))

/** What is missing or doubtful of contacts, what that costs, and putting it right. */
export default function DataHealthPage() {
  const allowed = useCan('contacts.read')
  useEffect(() => setTitle('Data health · Parley'), [])
  return <main className={s.page}>{allowed ? <Health /> : <NoPermission />}</main>
}

function Health() {
  const mayWrite = useCan('contacts.write')
  const going = useCell(running)
  const { data, error, refetch } = useQuery(healthQuery)
  const found = data?.findings.filter((each) => each.count > 0).sort((a, b) => b.taken - a.taken || b.count - a.count) ?? []
  const clear = data?.findings.filter((each) => each.count === 0) ?? []

  async function look() {
    try {
      queryClient.setQueryData(healthQuery.queryKey, await api.post<DataHealth>('/data-health/look'))
    } catch (refusal) {
      toastError('Nothing was looked through', refusal)
    }
  }

  return (
    <>
      <header className={s.head}>
        <div>
          <Link to="/contacts">Contacts</Link>
          <h1>Data health</h1>
        </div>
        {mayWrite && data && (
          <Button variant="default" loading={data.running} onClick={() => void look()}>
            Look again
          </Button>
        )}
      </header>
      {data && <Looked health={data} />}
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <div className={s.waiting}>
          <Skeleton height={116} />
          {[1, 2, 3, 4, 5].map((each) => (
            <Skeleton key={each} height={64} />
          ))}
        </div>
      ) : !data.counted_at ? null : data.total === 0 ? (
        <EmptyState icon={IconUsers} title="No contacts yet" text="As soon as people write to you, or you import some, you see here what is missing." />
      ) : (
        <>
          <Score health={data} />
          {found.length > 0 && (
            <ul className={s.findings} aria-label="What was found">
              {found.map((each) => (
                <Row key={each.id} finding={each} total={data.total} mayWrite={mayWrite} />
              ))}
            </ul>
          )}
          {clear.length > 0 && (
            <section className={s.clear} aria-label="Nothing found">
              <h2>Nobody with</h2>
              {clear.map((each) => (
                <Tooltip key={each.id} label={each.meaning} multiline w={300}>
                  <span tabIndex={0}>
                    <IconCheck size={14} />
                    {each.label}
                  </span>
                </Tooltip>
              ))}
            </section>
          )}
        </>
      )}
      {going?.about === 'contacts' && (
        <div className={s.going}>
          <Going now={going} />
        </div>
      )}
    </>
  )
}

function Looked({ health }: { health: DataHealth }) {
  if (!health.running) {
    return (
      <p className={s.looked}>
        {plural(health.total, 'contact')}, looked through {ago(health.started_at)} and once a day; what you put right counts within seconds.
      </p>
    )
  }
  return (
    <div className={s.looked} role="status">
      <Progress value={Math.max(3, health.share * 100)} animated aria-label="How far it is" />
      {plural(health.looked_at, 'contact')} looked at so far. {health.counted_at ? 'Until then you see what was found before.' : 'You need not wait here.'}
    </div>
  )
}

function Score({ health }: { health: DataHealth }) {
  const grade = health.score >= 85 ? 'good' : health.score >= 60 ? 'fair' : 'poor'
  return (
    <section className={s.score} aria-label="Health score">
      <div className={s.ring} data-grade={grade} style={{ '--share': health.score } as CSSProperties} role="img" aria-label={`Health score ${health.score} of 100`}>
        <b>{health.score}</b>
        <small>of 100</small>
      </div>
      <div className={s.about}>
        <h2>
          {{ good: 'In good shape', fair: 'Could be better', poor: 'Needs work' }[grade]}
          <Tooltip label={health.definition} multiline w={320} events={{ hover: true, focus: true, touch: true }}>
            <button type="button" aria-label="How the score is reckoned">
              <IconInfoCircle size={16} />
            </button>
          </Tooltip>
        </h2>
        <Trend days={health.days} />
      </div>
    </section>
  )
}

const WIDE = 300
const HIGH = 56

/** The score by day, of what 0 to 100 is. */
function Trend({ days }: { days: DataHealth['days'] }) {
  const [first, last] = [days[0], days.at(-1)]
  if (!first || !last || days.length < 2) return <p className={s.noTrend}>The score is kept once a day; from tomorrow on you see how it moves.</p>
  const scores = days.map((each) => each.score)
  const least = Math.max(0, Math.min(...scores) - 5)
  const most = Math.min(100, Math.max(...scores) + 5)
  const x = (at: number) => (at / (days.length - 1)) * WIDE
  const y = (score: number) => HIGH - 3 - ((score - least) / (most - least)) * (HIGH - 6)
  const line = scores.map((score, at) => `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(score).toFixed(1)}`).join(' ')
  const change = last.score - first.score
  const words = `${first.score} on ${shortDay(first.day)}, ${last.score} on ${shortDay(last.day)}`
  return (
    <figure className={s.trend}>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" role="img" aria-label={`Score by day: ${words}`}>
        <path d={`${line} L${WIDE} ${HIGH} L0 ${HIGH} Z`} className={s.area} />
        <path d={line} className={s.line} vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption>
        <span>{shortDay(first.day)}</span>
        <b data-better={change > 0 || undefined} data-worse={change < 0 || undefined}>
          {change === 0 ? 'as it was' : `${change > 0 ? '+' : '−'}${Math.abs(change)} since then`}
        </b>
        <span>{shortDay(last.day)}</span>
      </figcaption>
    </figure>
  )
}

function Row({ finding, total, mayWrite }: { finding: Finding; total: number; mayWrite: boolean }) {
  const navigate = useNavigate()
  const share = Math.min(finding.count / total, 1)
  const percent = share >= 0.995 ? 100 : share < 0.01 ? '<1' : Math.round(share * 100)

  function see() {
    people.set({ ...EVERYBODY, finding: finding.id })
    choosePeople([])
    void navigate({ to: '/contacts' })
  }

  return (
    <li>
      <div className={s.what}>
        <h3>{finding.label}</h3>
        <p>{finding.meaning}</p>
      </div>
      <Tooltip label={`Takes ${finding.taken} of at most ${plural(finding.points, 'point')} off the score`}>
        <div className={s.much} tabIndex={0}>
          <span>
            <b>{count(finding.count)}</b> {percent}&nbsp;%
          </span>
          <i style={{ '--share': share } as CSSProperties} />
        </div>
      </Tooltip>
      <div className={s.acts}>
        {finding.fixes.includes('duplicates') ? (
          <Button component={Link} to="/duplicates" size="compact-sm" variant="light">
            Open the pairs
          </Button>
        ) : (
          <>
            <Button size="compact-sm" variant="subtle" aria-label={`See who: ${finding.label}`} onClick={see}>
              See who
            </Button>
            {mayWrite && <Fixes finding={finding} />}
          </>
        )}
      </div>
    </li>
  )
}

/** What can be done about all of them at once. */
function Fixes({ finding }: { finding: Finding }) {
  const lists = useLists()
  const members = useMembers().filter((member) => member.status === 'active')
  const { data } = useQuery(fieldsQuery)
  const [choosing, setChoosing] = useState(false)
  const all = plural(finding.count, 'contact')
  const fix = (action: Parameters<typeof fixEverybody>[1], words: string) => void fixEverybody(finding.id, action, words)
  const kinds: Record<string, ReactNode> = {
    owner: (
      <Group key="owner" label={`Give all ${all} to`}>
        {members.map(({ id, name }) => (
          <Menu.Item key={id} onClick={() => fix({ type: 'owner', owner_id: id }, `given to ${name}`)}>
            {name}
          </Menu.Item>
        ))}
      </Group>
    ),
    language: (
      <Group key="language" label={`Set the language of all ${all} to`}>
        {LANGUAGES.map((code) => (
          <Menu.Item key={code} onClick={() => fix({ type: 'language', language: code }, `set to ${languageName(code)}`)}>
            {languageName(code)}
          </Menu.Item>
        ))}
      </Group>
    ),
    stage: (
      <Group key="stage" label={`Move all ${all} to`}>
        {(data?.stages ?? []).map(({ id, label }) => (
          <Menu.Item key={id} onClick={() => fix({ type: 'stage', stage: id }, `moved to ${label}`)}>
            {label}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => fix({ type: 'stage', stage: null }, 'without a stage')}>No stage</Menu.Item>
      </Group>
    ),
    zone_from_number: (
      <Menu.Item key="zone_from_number" onClick={() => fix({ type: 'zone_from_number' }, 'with the time zone of their number')}>
        Keep what their numbers say
      </Menu.Item>
    ),
    zone: (
      <Menu.Item key="zone" onClick={() => setChoosing(true)}>
        Set a time zone…
      </Menu.Item>
    ),
    list: (
      <Group key="list" label={`Put all ${all} on a list`}>
        {lists.map(({ id, name }) => (
          <Menu.Item key={id} onClick={() => fix({ type: 'lists', add: [id], remove: [] }, `put on ${name}`)}>
            {name}
          </Menu.Item>
        ))}
        {lists.length === 0 && <Menu.Item disabled>There are no lists yet</Menu.Item>}
      </Group>
    ),
  }
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <Button size="compact-sm" variant="light" aria-label={`Put right: ${finding.label}`}>
            Put right
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={s.menu}>{finding.fixes.map((each) => kinds[each])}</Menu.Dropdown>
      </Menu>
      <Suspense fallback={null}>
        {choosing && (
          <ZoneDialog
            title={`Time zone of ${all}`}
            onClose={() => setChoosing(false)}
            onChosen={(zone) => fix({ type: 'zone', zone }, `with the time zone ${zone.replaceAll('_', ' ')}`)}
          />
        )}
      </Suspense>
    </>
  )
}

function Group({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <Menu.Label>{label}</Menu.Label>
      {children}
    </>
  )
}
