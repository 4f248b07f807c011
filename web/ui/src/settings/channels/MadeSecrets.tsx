import { Button } from '@mantine/core'
import { useState } from 'react'
import { api } from '../../lib/api'
import type { Account, ChannelKind } from '../../lib/types'
import { ConfirmDialog } from '../parts/ConfirmDialog'
import { CopyField } from '../parts/CopyField'
import { Dialog } from '../parts/Dialog'
import { Panel } from '../parts/Panel'
import p from '../parts/parts.module.css'

type MadeSecret = ChannelKind['made_secrets'][number]

/** Secrets that the server makes for one's own server; each is shown once, when it is made. */
export function MadeSecrets({ account, kind }: { account: Account; kind: ChannelKind }) {
  const [asked, setAsked] = useState<MadeSecret | null>(null)
  const [made, setMade] = useState<{ label: string; secret: string } | null>(null)

  async function renew({ name, label }: MadeSecret) {
    const { secret } = await api.post<{ secret: string }>(`/accounts/${account.id}/secrets/${name}/renew`)
    setMade({ label, secret })
  }

  return (
    <Panel title="Secrets for your own server" text="Made by Parley. Each is shown once; make a new one when you need to see it.">
      {kind.made_secrets.map((secret) => (
        <div key={secret.name} className={p.option}>
          <div>
            <b>{secret.label}</b>
            <p>{secret.help}</p>
          </div>
          <Button variant="default" onClick={() => setAsked(secret)}>
            Make a new one
          </Button>
        </div>
      ))}
      {asked && (
        <ConfirmDialog
          title={`Make a new ${asked.label.toLowerCase()}?`}
          confirm="Make a new one"
          danger={false}
          onConfirm={() => renew(asked)}
          onClose={() => setAsked(null)}
        >
          <p>The one in use now stays good until the next is made, so you have time to change it on your server.</p>
        </ConfirmDialog>
      )}
      {made && (
        <Dialog onClose={() => setMade(null)} title={made.label} size={520}>
          <div className={p.dialog}>
            <CopyField label={made.label} value={made.secret} help="Copy it now: it is not shown again." />
            <div className={p.dialogFoot}>
              <Button onClick={() => setMade(null)}>Done</Button>
            </div>
          </div>
        </Dialog>
      )}
    </Panel>
  )
}
