/** Mantine's side of the look. Colours live in tokens.css as variables; nothing here emits a style tag, which our policy forbids. */
import { createTheme, localStorageColorSchemeManager } from '@mantine/core'

const FONT = "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

/** The same key is read by /theme.js before the first paint. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: 'parley.theme' })

export const theme = createTheme({
  primaryColor: 'indigo',
  fontFamily: FONT,
  headings: { fontFamily: FONT },
  defaultRadius: 'md',
  cursorType: 'pointer',
  // Plain objects: `Modal.extend` would pull every component named here into the first load.
  components: {
    Tooltip: { defaultProps: { openDelay: 400, transitionProps: { duration: 0 }, fz: 12 } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 0 }, withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } },
    // Locking the page's scroll would insert a style tag; our pages scroll inside their panes anyway.
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        transitionProps: { duration: 0 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Drawer: {
      defaultProps: { lockScroll: false, transitionProps: { duration: 120 }, closeButtonProps: { 'aria-label': 'Close' } },
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 32 } },
    Button: { defaultProps: { size: 'sm' } },
  },
})
