import { Button } from '@mantine/core'
import type { MacroRun } from '../../lib/types'
import { Dialog } from '../../settings/parts/Dialog'
import p from '../../settings/parts/parts.module.css'
import { Steps } from './Steps'

/** What was done, what was not and why, when a macro did not come to its end. */
export default function RunReport({ name, run, onClose }: { name: string; run: MacroRun; onClose: () => void }) {
  const title = run.state === 'refused' ? `${name} was not run` : `${name} was stopped`
  return (
    <Dialog onClose={onClose} title={title} size={480}>
      <div className={p.dialog}>
        <p className={p.prose}>
          {run.reason || (run.state === 'refused' ? 'One of its actions is not possible here, so none was done.' : 'An action was refused. What comes after it was not done.')}
        </p>
        <Steps steps={run.steps} />
        <div className={p.dialogFoot}>
          <Button onClick={onClose} data-autofocus>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
