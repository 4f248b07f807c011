import { useState } from 'react'
import { api } from '../lib/api'
import { toast } from '../lib/toast'
import type { Broadcast, Plan } from '../lib/types'
import { ConfirmDialog } from '../settings/parts/ConfirmDialog'
import p from '../settings/parts/parts.module.css'
import { GuardFields, PaceFields, guardsText } from './Limits'
import { keep } from './broadcasts'

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
      <div className={p.pair}>
        <PaceFields plan={shown} change={change} />
      </div>
      <p>It pauses by itself. {guardsText(shown.guards)} Letting it go on begins to count anew.</p>
      <GuardFields guards={shown.guards} onChange={(guards) => change({ guards })} />
    </ConfirmDialog>
  )
}
