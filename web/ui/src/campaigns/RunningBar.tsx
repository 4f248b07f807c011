import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { done, runningQuery, take } from '../broadcasts/broadcasts'
import { useReport } from '../broadcasts/useReport'
import { api } from '../lib/api'
import { count, fullTime } from '../lib/format'
import { useCan } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import type { BroadcastRow, PacingSettings } from '../lib/types'
import { pacingQuery } from '../settings/pacing/pacing'
import { SettingsLink } from '../settings/parts/SettingsLink'
import { IconBan, IconPlayerPauseFilled } from '../ui/icons'
import { CampaignLink } from './CampaignLink'
import s from './campaigns.module.css'

/** On every page of the campaigns while anything is sent: how far it is, and one press that stops it. */
export function RunningBar() {
  const { data: running } = useQuery(runningQuery)
  const { data: pacing } = useQuery({ ...pacingQuery, enabled: useCan('contacts.read') })
  const mayStopAll = useCan('consent.manage')
  const stopped = pacing?.stopped
  if (stopped) {
    return (
      <div className={s.running} data-stopped role="status">
        <div className={s.run}>
          <IconBan size={16} aria-hidden />
          <b>All marketing is stopped</b>
          <span>
            by {stopped.by}, {fullTime(stopped.at)}
          </span>
          <SettingsLink to="pacing">Let it go on…</SettingsLink>
        </div>
      </div>
    )
  }
  if (!running || running.length === 0) return null
  return (
    <section className={s.running} aria-label="Being sent">
      {running.map((broadcast, at) => (
        <Run key={broadcast.id} broadcast={broadcast} stopsAll={mayStopAll && at === 0} />
      ))}
    </section>
  )
}

function Run({ broadcast, stopsAll }: { broadcast: BroadcastRow; stopsAll: boolean }) {
  const client = useQueryClient()
  const mayStop = useCan('broadcasts.write')
  const [busy, setBusy] = useState(false)
  const progress = useReport(broadcast.id).data?.progress

  async function stop() {
    setBusy(true)
    await take(broadcast.id, 'pause', {}, `“${broadcast.name}” is stopped. What is under way to the provider still arrives.`)
    setBusy(false)
  }

  async function stopAll() {
    try {
      client.setQueryData(pacingQuery.queryKey, await api.post<PacingSettings>('/pacing/stop', {}))
      toast('All marketing is stopped')
    } catch (error) {
      toastError('Not stopped', error)
    }
  }

  return (
    <div className={s.run}>
      <CampaignLink to={`broadcasts/${broadcast.id}`}>{broadcast.name}</CampaignLink>
      {progress && (
        <>
          <progress value={done(progress)} aria-label={`${broadcast.name}: done`} />
          <span>
            {count(progress.tally.sent)} of {count(progress.people)} sent
          </span>
        </>
      )}
      <div className={s.runButtons}>
        {mayStop && (
          <Button size="compact-sm" color="red" leftSection={<IconPlayerPauseFilled size={14} />} loading={busy} onClick={() => void stop()} aria-label={`Stop ${broadcast.name}`}>
            STOP
          </Button>
        )}
        {stopsAll && (
          <Button size="compact-sm" variant="default" leftSection={<IconBan size={14} />} onClick={() => void stopAll()}>
            Stop all marketing
          </Button>
        )}
      </div>
    </div>
  )
}
