import { Tooltip } from '@mantine/core'
import type { MessagePreview } from '../../lib/types'
import { costDetail, costText } from './preview'
import s from './composer.module.css'

/** What the message will cost, beside the button that sends it. */
export function CostChip({ preview }: { preview: MessagePreview | null }) {
  const [first, ...more] = preview?.costs ?? []
  if (!first) return null
  return (
    <Tooltip label={[first, ...more].map(costDetail).join(' ')} multiline maw={320}>
      <span className={s.cost} role="status" aria-label="Price" tabIndex={0}>
        {[first, ...more].map(costText).join(' + ')}
      </span>
    </Tooltip>
  )
}
