import '@fontsource-variable/inter/index.css'
import './mantine.css'
import './tokens.css'
import './app.css'
import './touch.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { whenSignedOut } from './lib/api'
import { flushDrafts } from './lib/drafts'
import { readOvertakenAgain } from './lib/overtaken'
import { queryClient } from './lib/query'
import { currentMe } from './lib/session'
import { colorSchemeManager, theme } from './lib/theme'
import { watchKeyboard } from './lib/viewport'
import { startWorker } from './push/register'
import { router } from './router'
import { leave } from './shell/leave'
import { watchVersion } from './shell/version'

// At the first visit nobody was signed in yet; the router shows the sign-in page then.
whenSignedOut(() => currentMe() && leave())
readOvertakenAgain(queryClient)
watchVersion()
startWorker()
watchKeyboard()
// Both: a phone may end a hidden page without a word.
addEventListener('pagehide', flushDrafts)
document.addEventListener('visibilitychange', flushDrafts)

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

createRoot(root).render(
  <MantineProvider
    theme={theme}
    colorSchemeManager={colorSchemeManager}
    defaultColorScheme="auto"
    withCssVariables={false}
    withGlobalClasses={false}
  >
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Notifications position="bottom-left" limit={4} />
    </QueryClientProvider>
  </MantineProvider>,
)
