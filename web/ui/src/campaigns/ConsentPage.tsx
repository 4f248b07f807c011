import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Suspense, lazy, useState } from 'react'
import { api, query } from '../lib/api'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Broadcast, ConsentGrowth, Metric, RunningOut } from '../lib/types'
import { Definition } from '../reports/Definition'
import { Panel } from '../settings/parts/Panel'
import { PageSkeleton } from '../settings/parts/PageSkeleton'
import { FailedPage } from '../settings/parts/States'
import { Avatar } from '../ui/Avatar'
import { channelLabel } from '../ui/ChannelIcon'
import { EmptyState } from '../ui/EmptyState'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { IconChartBar } from '../ui/icons'
import { useCampaign } from './CampaignLink'
import { Head } from './Head'
import s from './consent.module.css'

const DayChart = lazy(() => import('../reports/DayChart'))
const TITLE = 'Consent'
const SPANS = [7, 30, 90, 365]
const SOURCES: Record<string, string> = {
  form: 'Sign-up form',
  form_word: 'Word of a form',
  widget: 'Chat on the web site',
  double_opt_in: 'Confirmed with YES',
  asked_again: 'Asked again',
  preferences: 'Preference page',
  chat_choice: 'Choices in the chat',
  import: 'Import',
  keyword: 'Stop word',
  stop_everywhere: 'Stop of everything',
  free_words: 'Stop in own words',
  provider: 'Provider',
  provider_refusal: 'Refused by the provider',
  template_button: 'Button of a template',
}

const sourceLabel = (source: string) => SOURCES[source] ?? `${source.charAt(0).toUpperCase()}${source.slice(1).replaceAll('_', ' ')}`

/** Agreements to marketing: what came and went through what, and what runs out soon. */
export default function ConsentPage() {
  const [days, setDays] = useState(30)
  const { data, error, refetch } = useQuery({
    queryKey: ['consent-growth', days],
    queryFn: ({ signal }) => api.get<ConsentGrowth>(`/consents/growth${query({ days })}`, signal),
  })
  if (error && !data) return <FailedPage title={TITLE} error={error} onRetry={() => void refetch()} />
  return (
    <>
      <Head
        title={TITLE}
        text="Who may be advertised to: what brings people in, what makes them leave, and whose agreement ends soon."
        actions={
          <>
            <NativeSelect
              aria-label="Days"
              data={SPANS.map((each) => ({ value: String(each), label: each === 365 ? 'The last year' : `The last ${each} days` }))}
              value={String(days)}
              onChange={(event) => setDays(Number(event.currentTarget.value))}
            />
            <Button component="a" href={`/api/v1/consents/growth.csv${query({ days })}`} variant="default" download>
              Table (CSV)
            </Button>
          </>
        }
      />
      {data ? <Growth growth={data} /> : <PageSkeleton title={TITLE} />}
      <EndsSoon />
    </>
  )
}

function Growth({ growth }: { growth: ConsentGrowth }) {
  const { by, days, definitions } = growth
  const balance = growth.gained - growth.lost
  const metrics: Metric[] = (['gained', 'lost'] as const).map((key) => ({
    key,
    label: key === 'gained' ? 'Gained' : 'Lost',
    unit: 'count',
    group: 'work',
    definition: definitions[key] ?? '',
    better: key === 'gained' ? 'up' : 'down',
    timed: false,
    behind: 'episodes',
    tickets: false,
  }))
  if (by.length === 0) {
    return (
      <EmptyState
        icon={IconChartBar}
        title="Nobody agreed or left in these days"
        text="Sign-up forms, words and imports bring people in."
        action={
          <Button component={Link} to="/settings/signups" variant="default">
            Open the sign-up forms
          </Button>
        }
      />
    )
  }
  return (
    <Panel title="Came and went" text="Counted when somebody says so, each person once for each time and channel.">
      <dl className={s.figures}>
        {metrics.map((metric) => (
          <div key={metric.key}>
            <dt>
              <Definition metric={metric} hours="wall">
                <button type="button" className={s.what}>
                  {metric.label}
                </button>
              </Definition>
            </dt>
            <dd>{growth[metric.key as 'gained' | 'lost'].toLocaleString('en')}</dd>
          </div>
        ))}
        <div>
          <dt>Balance</dt>
          <dd data-tone={balance < 0 ? 'bad' : 'good'}>{`${balance > 0 ? '+' : ''}${balance.toLocaleString('en')}`}</dd>
        </div>
      </dl>
      <Suspense fallback={<Skeleton height={260} />}>
        <DayChart title="Gained and lost by day" days={days.map(({ day, gained, lost }) => ({ day, values: { gained, lost } }))} metrics={metrics} stacked={false} />
      </Suspense>
      <div className={s.scroll} tabIndex={0} role="group" aria-label="By source and campaign">
        <table className={s.table}>
          <thead>
            <tr>
              <th scope="col">Through</th>
              <th scope="col">Form or campaign</th>
              <th scope="col">Channel</th>
              <th scope="col">Gained</th>
              <th scope="col">Lost</th>
            </tr>
          </thead>
          <tbody>
            {by.map((row) => (
              <tr key={`${row.channel}/${row.source}/${row.via}`}>
                <th scope="row">{sourceLabel(row.source)}</th>
                <td>{row.name || '–'}</td>
                <td>{channelLabel(row.channel)}</td>
                <td>{row.gained.toLocaleString('en')}</td>
                <td>{row.lost.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

/** Whose agreement ends within some days, and a draft that asks them again. */
function EndsSoon() {
  const [days, setDays] = useState(30)
  const [busy, setBusy] = useState('')
  const mayWrite = useCan('broadcasts.write')
  const goTo = useCampaign()
  const { data, error, refetch } = useQuery({
    queryKey: ['consent-running-out', days],
    queryFn: ({ signal }) => api.get<{ items: RunningOut[] }>(`/consents/running-out${query({ days })}`, signal),
    // An estimate becomes exact while it is looked at.
    refetchInterval: ({ state }) => (state.data?.items.some((each) => !each.exact) ? 3_000 : false),
  })

  async function ask(accountId: string) {
    setBusy(accountId)
    try {
      const made = await api.post<Broadcast>('/broadcasts/ask-again', { account_id: accountId, days })
      goTo(`broadcasts/${made.id}`)
    } catch (refused) {
      toastError('No draft was made', refused)
      setBusy('')
    }
  }

  const soon = data?.items.filter((each) => each.count > 0) ?? []
  return (
    <Panel
      title="Ends soon"
      text="Asked again in time, their own YES is a new agreement with the words they were asked with. Who does not answer gets nothing once it has run out."
      actions={
        <NativeSelect
          aria-label="Within"
          data={[7, 14, 30, 60, 90].map((each) => ({ value: String(each), label: `Within ${each} days` }))}
          value={String(days)}
          onChange={(event) => setDays(Number(event.currentTarget.value))}
        />
      }
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={90} />
      ) : soon.length === 0 ? (
        <p className={s.none}>Nobody’s agreement ends within {days} days. How long agreements hold is settled under Settings, Consent & pacing.</p>
      ) : (
        <ul className={s.soon}>
          {soon.map((each) => (
            <li key={each.account_id}>
              <div>
                <b>
                  {each.exact ? '' : 'About '}
                  {each.count.toLocaleString('en')} {each.count === 1 ? 'person' : 'people'} on {each.name}
                </b>
                <span className={s.faces}>
                  {each.sample.slice(0, 6).map((person) => (
                    <Link key={person.id} to="/contacts/$contactId" params={{ contactId: person.id }} title={person.name}>
                      <Avatar name={person.name} hue={person.avatar_hue} size={24} />
                      <span className="visually-hidden">{person.name}</span>
                    </Link>
                  ))}
                </span>
              </div>
              {mayWrite && (
                <Button loading={busy === each.account_id} disabled={busy !== ''} onClick={() => void ask(each.account_id)}>
                  Ask them again
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
