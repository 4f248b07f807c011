import { useState } from 'react'
import { api } from '../lib/api'
import { toast } from '../lib/toast'
import type { Broadcast, Plan } from '../lib/types'
import { ConfirmDialog } from '../settings/parts/ConfirmDialog'
import p from '../settings/parts/parts.module.css'
import { GuardFields, PaceFields, guardsText } from './Limits'
import { keep } from './broadcasts'
import s from './broadcasts.module.css'

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** Slower, dearer or less strict, while it is on its way. */
export function LimitsDialog({ broadcast, onClose }: { broadcast: Broadcast; onClose: () => void }) {
  const { id, plan, revision } = broadcast
  const [wanted, setWanted] = useState<Partial<Plan>>({})
  const change = (part: Partial<Plan>) => setWanted((before) => ({ ...before, ...part }))
  const shown = { ...plan, ...wanted }

  async function save() {
    keep(await api.patch<Broadcast>(`/broadcasts/${id}`, { ...wanted, revision }))
    toast('In force within two seconds')
  }

  return (
    <ConfirmDialog title="Pace, budget and guards" confirm="Change" danger={false} onConfirm={save} onClose={onClose}>
      <div className={s.limits}>
        <div className={p.pair}>
          <PaceFields plan={shown} change={change} />
        </div>
        <p>Whoever lets it go on after it has paused by itself begins to count anew. It pauses {lowered(guardsText(shown.guards))}</p>
        <GuardFields guards={shown.guards} onChange={(guards) => change({ guards })} />
      </div>
    </ConfirmDialog>
  )
}
