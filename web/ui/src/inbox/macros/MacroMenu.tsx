import { ActionIcon, Popover, Tooltip } from '@mantine/core'
import { Suspense, lazy, useState } from 'react'
import { useShortcut } from '../../lib/keys'
import type { MacroRun, Reach } from '../../lib/types'
import { IconBolt } from '../../ui/icons'

const MacroList = lazy(() => import('./MacroList'))
const RunReport = lazy(() => import('./RunReport'))

/** In the composer: several actions in one, by name. */
export function MacroMenu({ conversationId, reach }: { conversationId: string; reach: Reach | undefined }) {
  const [opened, setOpened] = useState(false)
  const [report, setReport] = useState<{ name: string; run: MacroRun } | null>(null)
  useShortcut('m', 'Run a macro', 'Reply', () => setOpened(true))
  return (
    <>
      <Popover opened={opened} onChange={setOpened} position="top-start" width="min(520px, calc(100vw - 16px))" trapFocus returnFocus>
        <Popover.Target>
          <Tooltip label="Macros (M)" disabled={opened}>
            <ActionIcon aria-label="Macros" aria-expanded={opened} onClick={() => setOpened((shown) => !shown)}>
              <IconBolt size={18} stroke={1.7} />
            </ActionIcon>
          </Tooltip>
        </Popover.Target>
        <Popover.Dropdown p={0} aria-label="Macros">
          <Suspense fallback={null}>
            {opened && (
              <MacroList
                conversationId={conversationId}
                accountId={reach?.account_id}
                onClose={() => setOpened(false)}
                onReport={(name, run) => setReport({ name, run })}
              />
            )}
          </Suspense>
        </Popover.Dropdown>
      </Popover>
      <Suspense fallback={null}>{report && <RunReport name={report.name} run={report.run} onClose={() => setReport(null)} />}</Suspense>
    </>
  )
}
