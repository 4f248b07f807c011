/** Mantine's side of the look. Colours live in tokens.css as variables; nothing here emits a style tag, which our policy forbids. */
import {
  ActionIcon,
  Button,
  Drawer,
  Menu,
  Modal,
  Popover,
  Tooltip,
  createTheme,
  localStorageColorSchemeManager,
} from '@mantine/core'

const FONT = "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

/** The same key is read by /theme.js before the first paint. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: 'parley.theme' })

export const theme = createTheme({
  primaryColor: 'indigo',
  fontFamily: FONT,
  headings: { fontFamily: FONT },
  defaultRadius: 'md',
  cursorType: 'pointer',
  components: {
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, transitionProps: { duration: 0 }, fz: 12 } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } }),
    // Locking the page's scroll would insert a style tag; our pages scroll inside their panes anyway.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        transitionProps: { duration: 0 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    }),
    Drawer: Drawer.extend({
      defaultProps: { lockScroll: false, transitionProps: { duration: 120 }, closeButtonProps: { 'aria-label': 'Close' } },
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: 32 } }),
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
  },
})
