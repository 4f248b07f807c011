import { money } from '../inbox/composer/preview'

/** €12.30 of 1230 hundredths. */
export const minor = (amount: number, currency: string): string => money((amount / 100).toFixed(2), currency)
