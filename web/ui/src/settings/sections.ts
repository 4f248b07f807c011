import type { ComponentType } from 'react'

export interface SettingsSection {
  /** below /settings/ */
  path: string
  label: string
  Page: ComponentType
}

/** In the order shown. */
export const SECTIONS: SettingsSection[] = []
