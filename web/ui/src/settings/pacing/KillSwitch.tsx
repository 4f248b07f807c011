import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../lib/api'
import { fullTime } from '../../lib/format'
import { toast, toastError } from '../../lib/toast'
import type { PacingSettings } from '../../lib/types'
import { Badge } from '../../ui/Badge'
import { IconBan } from '../../ui/icons'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { Panel } from '../parts/Panel'
import { pacingQuery } from './pacing'
import s from './pacing.module.css'

/** One press and no marketing leaves any more, from any screen, job or program. */
export function KillSwitch({ stopped, mayManage }: { stopped: PacingSettings['stopped']; mayManage: boolean }) {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [resuming, setResuming] = useState(false)

  async function turn(way: 'stop' | 'resume') {
    client.setQueryData(pacingQuery.queryKey, await api.post<PacingSettings>(`/pacing/${way}`, {}))
    toast(way === 'stop' ? 'All marketing is stopped' : 'Marketing goes on')
  }

  async function stop() {
    setBusy(true)
    try {
      await turn('stop')
    } catch (error) {
      toastError('Not stopped', error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Panel
      title="Stop all marketing"
      danger={stopped !== null}
      text={
        stopped
          ? `Stopped by ${stopped.by}, ${fullTime(stopped.at)}. What was waiting to go is kept back and says so.`
          : 'Within seconds no marketing leaves any more, wherever it comes from. Answers to customers go on.'
      }
      actions={
        <div className={s.switch}>
          {stopped && <Badge tone="danger">stopped</Badge>}
          {mayManage &&
            (stopped ? (
              <Button variant="default" onClick={() => setResuming(true)}>
                Let it go on…
              </Button>
            ) : (
              <Button color="red" leftSection={<IconBan size={16} />} loading={busy} onClick={() => void stop()}>
                Stop now
              </Button>
            ))}
        </div>
      }
    >
      {resuming && (
        <ConfirmDialog title="Let marketing go on?" confirm="Let it go on" danger={false} onConfirm={() => turn('resume')} onClose={() => setResuming(false)}>
          <p>Messages that were kept back meanwhile stay so; new ones are sent.</p>
        </ConfirmDialog>
      )}
    </Panel>
  )
}
